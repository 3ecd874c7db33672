import manifest from '../package.json' with { type: 'json' };

/** The version of ns-oci. */
export const VERSION: string = manifest.version;

/** The newest version of the OCI runtime specification whose configurations are understood. */
export const SPEC_VERSION = '1.3.0';
