import type { Environment } from '#runtime/settings/index.ts'

const STORAGE =
  'Set STORAGE_URL to the database, with its password in the secret STORAGE_SECRET: see docs/storage.md.'

/** What to do instead of settings that no longer exist. */
const FORMER: Readonly<Record<string, string>> = {
  WAREHOUSE_URL: STORAGE,
  WAREHOUSE_SECRET: STORAGE,
  TOPIC_MAPPINGS: 'List the topic in config/inputs.yaml, with its mappings: see docs/inputs.md.',
}

/** Returns an error for each setting that no longer exists. */
export function findFormerSettings(environment: Environment): readonly string[] {
  return Object.entries(FORMER).flatMap(([name, advice]) =>
    environment[name]?.trim() ? [`${name}: is not a setting any more, and must not be set. ${advice}`] : [],
  )
}
