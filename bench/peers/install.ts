import { installed } from '../kit/install.ts'

// Restate is not a dependency: its server is 200 MB, under the Business Source License, and only this benchmark needs it.

const PACKAGES = {
  '@restatedev/restate-server': '1.7.12',
  '@restatedev/restate-sdk': '1.17.2',
} as const

/** Name for reports. */
export const RESTATE = `Restate ${PACKAGES['@restatedev/restate-server']}, SDK ${PACKAGES['@restatedev/restate-sdk']}`

/**
 * The folder with Restate's packages in their pinned versions.
 *
 * @throws Error with the output of npm if they cannot be installed
 */
export function installedRestate(signal: AbortSignal, say: (line: string) => void): Promise<string> {
  const name = `restate-${Object.values(PACKAGES).join('-')}`
  return installed({ name, title: RESTATE, packages: PACKAGES }, signal, say)
}
