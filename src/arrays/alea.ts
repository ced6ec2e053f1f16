import seedrandom from 'seedrandom';

/**
 * The generator Alea of Baagøe (2010). In the build for browsers a module of this generator alone takes the place of
 * this one.
 */
export const alea: typeof seedrandom.alea = seedrandom.alea;
