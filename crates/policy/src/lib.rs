//! What may leave, to whom: authority, classification, subscriptions.
