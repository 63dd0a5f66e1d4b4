import { createRequire } from 'node:module'
import './support/supported-node.ts'

// Not imported: Node.js links all imports before it runs anything, so an older version would fail for the first missing feature
// before it could report that it is too old.
const PLUGIN = import.meta.url.endsWith('.ts') ? './plugin.ts' : './plugin.js'
const plugin: typeof import('./plugin.ts') = createRequire(import.meta.url)(PLUGIN)

export default plugin.default
