//! Writes a department's own file back, completed and corrected.
