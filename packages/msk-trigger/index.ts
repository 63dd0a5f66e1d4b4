// Import this first, so that an older Node.js version causes a clear message instead of an error about a missing feature.
import './support/supported-node.ts'

export { default } from './plugin.ts'
