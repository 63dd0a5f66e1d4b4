/** The families and the names of this project, as the settings say. */
import { FAMILIES, NAMES, readSettings } from '../../lib/app/settings/index.ts'

export const { families, names } = readSettings([FAMILIES, NAMES])
