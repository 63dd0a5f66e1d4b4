import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Files } from '../../infra/bundle-builder.ts'
import type { Change } from './functions.ts'
import type { RuleSet } from './rule-set.ts'

/** Number of unused versions to keep, because running invocations may still read their files. */
const KEPT = 5

/**
 * Folders with versions of code and rules. A version is complete before it is used and is never modified, so functions always start
 * with consistent files.
 */
export class Versions {
  readonly #folder: string
  #latest = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Removes the versions of an earlier process. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /**
   * Writes the files of functions. Returns a function that creates the change of one function, identified by the fingerprint of its
   * code.
   */
  async writeCode(files: Files): Promise<(fingerprint: string) => Change> {
    const version = this.#next()
    const folder = join(this.#folder, `${version}`)
    const all = [...files, ['package.json', '{"type":"module"}'] as const]
    for (const path of new Set(all.map(([file]) => dirname(file))))
      await mkdir(join(folder, path), { recursive: true })
    for (const [file, content] of all) await writeFile(join(folder, file), content)
    // Functions share files, so a file does not identify the code of a single function.
    return fingerprint => ({
      kind: 'code',
      version,
      folder: `${version}`,
      variables: { CODE_VERSION: fingerprint },
    })
  }

  async writeRules({ files }: RuleSet): Promise<Change> {
    const version = this.#next()
    const folder = join(this.#folder, `${version}`, 'rules')
    await mkdir(folder, { recursive: true })
    await Promise.all(files.map(({ where, text }) => writeFile(join(folder, basename(where)), text)))
    return { kind: 'rules', version, variables: { RULES_DIR: folder } }
  }

  /** Removes old versions that are not in use. */
  async prune(inUse: ReadonlySet<number>): Promise<void> {
    const all = (await readdir(this.#folder).catch(() => [])).map(Number)
    const old = all.filter(version => version <= this.#latest - KEPT && !inUse.has(version))
    await Promise.all(
      old.map(version => rm(join(this.#folder, `${version}`), { recursive: true, force: true })),
    )
  }

  #next(): number {
    this.#latest += 1
    return this.#latest
  }
}
