//! The invented county: people, households, houses and six departments' files about them.
