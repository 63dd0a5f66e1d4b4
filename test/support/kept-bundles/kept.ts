/** Bundles that an earlier build has made, each with what it was made of. */
import { createHash } from 'node:crypto'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** What of esbuild's `metafile` is used: paths relative to the project. */
export interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly outputs: Readonly<Record<string, unknown>>
}

interface Where {
  /** Where they are kept. */
  readonly folder: string
  /** The folder that the paths are relative to. */
  readonly project: string
  /** All that decides about a bundle beside the files that it is made of. */
  readonly settings: string
}

/** File contents by path: fingerprints of what a bundle was made of. */
type Inputs = Readonly<Record<string, string>>

const INPUTS = 'inputs.json'
/** Versions of a function: enough for the branches and copies that are worked on in turn. */
const MOST_VERSIONS = 4
/** Settings: enough for the commands that bundle, on some branches. */
const MOST_SETTINGS = 8
const MAKING = 'making-'
/** No start takes so long to copy a bundle: one that was killed has left it. */
const MAKING_MS = 3_600_000

export class KeptBundles {
  readonly #folder: string
  readonly #project: string
  readonly #fingerprints = new Map<string, Promise<string>>()

  constructor({ folder, project, settings }: Where) {
    this.#folder = join(folder, fingerprint(settings))
    this.#project = project
  }

  /**
   * Copies the bundle of an entry, if one was kept that was made of the same files.
   *
   * @param to the folder of its files
   * @returns whether there was one
   */
  async restore(entry: string, to: string): Promise<boolean> {
    const versions = this.#versionsOf(entry)
    for (const name of await readdir(versions).catch(none))
      if (await this.#isAsNow(join(versions, name))) return copied(join(versions, name), to)
    return false
  }

  /** Keeps what was built of an entry. Without effect where it is kept already, or is made of what no file holds. */
  async keep(entry: string, { inputs, outputs }: Metafile): Promise<void> {
    const files = Object.keys(inputs).filter(path => !path.startsWith('(disabled):'))
    const read = await Promise.all(files.map(async path => [path, await this.#fingerprintOf(path)] as const))
    if (read.some(([, content]) => content === '')) return
    const json = JSON.stringify(Object.fromEntries(read.sort(([a], [b]) => (a < b ? -1 : 1))))
    const versions = this.#versionsOf(entry)
    await mkdir(versions, { recursive: true })
    const made = await mkdtemp(join(this.#folder, MAKING))
    for (const output of Object.keys(outputs))
      await copyFile(resolve(this.#project, output), join(made, basename(output)))
    await writeFile(join(made, INPUTS), json)
    // Another start may have built and kept the same meanwhile.
    await rename(made, join(versions, fingerprint(json))).catch(() => rm(made, { recursive: true }))
    await removeOld(versions, MOST_VERSIONS)
  }

  /** Removes bundles of settings that were not used lately, and what starts that were killed have left unfinished. */
  async tidy(): Promise<void> {
    const now = new Date()
    // Nothing may have been kept.
    await utimes(this.#folder, now, now).catch(none)
    const all = dirname(this.#folder)
    await removeOld(all, MOST_SETTINGS)
    for (const settings of await newestFirst(all))
      for (const { path, changedMs } of await newestFirst(settings.path))
        if (basename(path).startsWith(MAKING) && changedMs < now.getTime() - MAKING_MS) await remove(path)
  }

  async #isAsNow(version: string): Promise<boolean> {
    const json = await readFile(join(version, INPUTS), 'utf8').catch(() => '{}')
    const inputs = Object.entries(JSON.parse(json) as Inputs)
    const same = await Promise.all(
      inputs.map(async ([path, content]) => content === (await this.#fingerprintOf(path))),
    )
    return same.length > 0 && same.every(Boolean)
  }

  #versionsOf(entry: string): string {
    return join(this.#folder, dirname(entry).replaceAll('/', '-'))
  }

  /** Of a file's content; empty if there is no such file. */
  #fingerprintOf(path: string): Promise<string> {
    const known =
      this.#fingerprints.get(path) ?? readFile(resolve(this.#project, path)).then(fingerprint, () => '')
    this.#fingerprints.set(path, known)
    return known
  }
}

/** Another start may remove an old version meanwhile; then there is none. */
async function copied(version: string, to: string): Promise<boolean> {
  try {
    await mkdir(to, { recursive: true })
    for (const name of await readdir(version))
      if (name !== INPUTS) await copyFile(join(version, name), join(to, name))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

interface Dated {
  readonly path: string
  readonly changedMs: number
}

/** What is in a folder; nothing if there is no such folder. Another start may remove some of it meanwhile. */
async function newestFirst(folder: string): Promise<Dated[]> {
  const dated = (await readdir(folder).catch(none)).map(async name => {
    const path = join(folder, name)
    return { path, changedMs: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
  })
  return (await Promise.all(dated)).sort((a, b) => b.changedMs - a.changedMs)
}

async function removeOld(folder: string, most: number): Promise<void> {
  for (const { path } of (await newestFirst(folder)).slice(most)) await remove(path)
}

const remove = (path: string) => rm(path, { recursive: true, force: true })

const none = (): string[] => []

function fingerprint(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32)
}
