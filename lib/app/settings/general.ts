import { generalSettings } from '../../../packages/runtime/settings/general.ts'
import { NAME } from '../name.ts'

/** Settings of every function. */
export const GENERAL = generalSettings(NAME)
