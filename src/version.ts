import manifest from '../package.json' with { type: 'json' }

/** Version of this program; in the bundle, that of the day it was built. */
export const VERSION: string = manifest.version
