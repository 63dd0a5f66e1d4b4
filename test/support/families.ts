/** Families and names for tests: those of the project, and families of a test's own. */
import process from 'node:process'
import { createApplication } from '../../lib/app/application.ts'
import {
  FAMILIES as FAMILIES_SLICE,
  NAMES as NAMES_SLICE,
  readSettings,
} from '../../lib/app/settings/index.ts'
import { Families } from '../../lib/telemetry/families.ts'
import { readFamilies } from '../../lib/telemetry/parse-family.ts'
import { createDefaultFleet } from '../../lib/telemetry/simulator/fleet.ts'
import { GENERATOR_DEFAULTS } from '../../lib/telemetry/simulator/settings.ts'

/** Families of the project, or those that ship, if `shipped-config.ts` is imported before this module. */
export const FAMILIES = readSettings([FAMILIES_SLICE], { FAMILIES_DIR: process.env.FAMILIES_DIR }).families

/** Names of topics and groups that no setting changes. */
export const NAMES = readSettings([NAMES_SLICE], {}).names

export const VOCABULARY = { families: FAMILIES, names: NAMES }
export const APPLICATION = createApplication(VOCABULARY)

/** Settings of the generator that nobody has changed. */
export const GENERATOR = { ...GENERATOR_DEFAULTS, fleet: createDefaultFleet(FAMILIES) }

/** Returns the families of YAML texts, as files of a user would have them. */
export function parseFamilies(...texts: string[]): Families {
  return new Families(
    readFamilies(
      texts.map((text, index) => ({ file: `family-${index + 1}.yaml`, text })),
      'acme',
    ),
  )
}
