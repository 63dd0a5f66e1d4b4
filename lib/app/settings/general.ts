import { generalSettings } from '#runtime/settings/general.ts'
import { NAME } from '../name.ts'

/** Settings of every function. */
export const GENERAL = generalSettings(NAME)
