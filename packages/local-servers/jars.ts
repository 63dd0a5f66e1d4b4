import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureInstalled, hashFile, type InstallContext, pythonPackages, type RunTool } from './install.ts'
import type { Launch } from './managed-process.ts'
import { requireMaven } from './requirements.ts'
import { UserError } from './user-error.ts'

/** Jar files of a server. */
interface Jars {
  /** Path of the file that lists the jar files with their hashes; undefined to trust Maven. */
  readonly lock: string | undefined
  /** Maven goal that copies the jar files into the folder. */
  readonly goal: readonly string[]
  readonly service: string
  /** Folder for installed servers. */
  readonly cacheDir: string
}

const JGO_LOCK = join(import.meta.dirname, 'python', 'jgo.txt')
const FETCH_JARS = join(import.meta.dirname, 'python', 'fetch_jars.py')

/**
 * Downloads jar files into a folder, and checks their hashes. Maven is used if the machine has it, because its settings may name
 * a mirror. Otherwise jgo is used, a Python package that needs neither Java nor Maven.
 */
export async function fetchJars(
  jars: Jars,
  dir: string,
  run: RunTool,
  context: InstallContext,
): Promise<void> {
  const { lock, goal, service, cacheDir } = jars
  if (lock === undefined) return fetchWithMaven(run, ...goal)
  const maven = await requireMaven().catch(() => undefined)
  if (maven !== undefined) {
    await run(launchMaven(maven, goal))
  } else {
    const jgo = pythonPackages({
      service,
      title: 'jgo',
      lock: JGO_LOCK,
      dir: join(cacheDir, 'python', 'jgo'),
    })
    await ensureInstalled(jgo, context)
    await run({ command: join(jgo.dir, jgo.probe), args: [FETCH_JARS, lock, dir] })
  }
  await checkHashes(lock, dir)
}

async function checkHashes(lock: string, dir: string): Promise<void> {
  for (const line of (await readFile(lock, 'utf8')).split('\n')) {
    const [coordinates, hash] = line.split(' sha256:')
    if (coordinates === undefined || hash === undefined) continue
    const [, artifact, version, packaging = 'jar', classifier] = coordinates.split(':')
    const file = join(dir, `${[artifact, version, classifier].filter(Boolean).join('-')}.${packaging}`)
    if (!existsSync(file) || hashFile(file) !== hash)
      throw new UserError(
        `${coordinates} was not downloaded, or its content is not what ${lock} expects. Check the Maven repository or the proxy.`,
      )
  }
}

/** Runs a Maven goal that downloads files. */
export async function fetchWithMaven(run: RunTool, ...goal: readonly string[]): Promise<void> {
  await run(launchMaven(await requireMaven(), goal))
}

function launchMaven(command: string, goal: readonly string[]): Launch {
  return { command, args: ['--batch-mode', '--no-transfer-progress', ...goal] }
}

/** Returns the Maven goal that copies an artifact into a folder. */
export function buildCopyGoal(artifact: string, dir: string): string[] {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
  return [goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${dir}`]
}
