import { consumerSettings, generalSettings } from '#runtime/settings'
import { NAME } from '../name.ts'

/** Settings of every function. */
export const GENERAL = generalSettings(NAME)

/** Settings of every consumer of a topic. */
export const CONSUMER = consumerSettings(NAME)
