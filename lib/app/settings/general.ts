import { generalSettings } from '#runtime/settings'
import { NAME } from '../naming/name.ts'

/** Settings of every function. */
export const GENERAL = generalSettings(NAME)
