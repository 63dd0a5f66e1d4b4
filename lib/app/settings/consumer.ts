import { consumerSettings } from '#runtime/settings'
import { NAME } from '../name.ts'

/** Settings of every consumer of a topic. */
export const CONSUMER = consumerSettings(NAME)
