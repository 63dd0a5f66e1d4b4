import { generalSettings } from '#runtime/settings/index.ts'
import { NAME } from '../name.ts'

/** Settings of every function. */
export const GENERAL = generalSettings(NAME)
