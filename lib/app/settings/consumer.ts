import { consumerSettings } from '#runtime/settings'
import { NAME } from '../naming/name.ts'

/** Settings of every consumer of a topic. */
export const CONSUMER = consumerSettings(NAME)
