import manifest from '../package.json' with { type: 'json' };

/** The version of ns. */
export const VERSION: string = manifest.version;
