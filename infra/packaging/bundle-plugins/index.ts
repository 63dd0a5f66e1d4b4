/** esbuild plugins for the functions' bundles. `serverless.yml` names this file. */

import { inlineLua } from '#runtime/packaging'
import { embedFamilies } from './embed-families.ts'
import { trimClients } from './trim-clients.ts'

export default [inlineLua, trimClients, embedFamilies]
