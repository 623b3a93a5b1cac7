// What the browser computes while a hand moves: each function the mirror of one of core's, by name.

export const recipes = {};
