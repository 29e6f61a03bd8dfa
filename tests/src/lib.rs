//! What needs the whole shop: the house's own rules, journeys, faults, load.
