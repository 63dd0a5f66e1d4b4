// First: an older Node is to get a sentence, not the error of the first thing that it lacks.
import './support/supported-node.ts'

export { default } from './plugin.ts'
