import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { DRAFT_HEAD } from '../../control/drafts/draft.ts'
import { describeRefusal, NEEDS_RESTART } from '../../control/queries/saved-files.ts'
import { findNotificationErrors } from '../../infra/checks/config-files.ts'
import { BuildError, type Built, type FunctionCode } from '../../infra/packaging/bundle-builder.ts'
import { readRuleFiles } from '../../lib/alerting/adapters/index.ts'
import { FAMILIES, INPUTS, readSettings } from '../../lib/app/settings/index.ts'
import { FileError } from '../../lib/support/file-errors.ts'
import { type Definition, findInputFiles, listTopics, toSourceFile } from './definition.ts'
import {
  findInputErrors,
  findRuleErrors,
  type InputFiles,
  listChangedMeanings,
  listRetyped,
} from './find-errors.ts'
import { CHANGED, describeReload, describeTopics, RETYPED } from './reload-texts.ts'

export interface ReloaderParts {
  readonly functions: ReadonlyMap<string, Definition>
  readonly projectDir: string
  /** Folder from which serverless-offline resolves handlers. It gets a folder for each version of code and rules. */
  readonly location: string
  /** Builds functions. Rejects with BuildError if any of the entries cannot be built. */
  readonly build: (entries: readonly string[]) => Promise<Built>
  /** Called after the definitions of these functions refer to the new versions. */
  readonly replace: (functionKeys: readonly string[]) => Promise<void>
  /** Returns the events that the functions with the consumer `intake` should have now, by function. */
  readonly expandInputs: () => ReadonlyMap<string, readonly object[]>
  /** Makes the trigger read the events that the definitions now have. */
  readonly updateEvents: () => Promise<void>
  /** Runs a scheduled function at once, and reports it if that fails. */
  readonly run: (functionKey: string) => Promise<void>
  readonly say: (line: string) => void
}

/** Number of versions to keep, even if no function uses them, because running invocations may still read their files. */
const KEPT = 5

/**
 * Builds functions and applies saved code, rules, families, inputs, receivers and routes. A save that does not build or parse changes nothing. Functions that start
 * later, because of load or after a crash, use the last accepted version, which is complete before it is used. A reload resolves to the
 * reason why the files are not in force, which is empty if they are.
 */
export class Reloader {
  readonly #parts: ReloaderParts
  /** Handlers, and folders that functions read, as in serverless.yml, by function. */
  readonly #declared: ReadonlyMap<
    string,
    {
      readonly handler: string
      readonly rulesDir: string | undefined
      readonly notificationsDir: string | undefined
      readonly inputs: InputFiles | undefined
    }
  >
  #built: ReadonlyMap<string, FunctionCode> = new Map()
  #version = 0
  /** Functions that map records, whose version is also that of the mappings. */
  readonly #mapping: ReadonlySet<string>
  /** Families in use. */
  #families = readSettings([FAMILIES]).families
  /** Hash of the inputs and mappings in use, and the zone of times without one. */
  #inputsVersion = ''
  /** Folders of versions of code, oldest first. */
  readonly #folders: string[] = []
  /** Folder of the version of code that each function uses. */
  readonly #used = new Map<string, string>()

  constructor(parts: ReloaderParts) {
    this.#parts = parts
    this.#mapping = new Set(parts.expandInputs().keys())
    this.#declared = new Map(
      [...parts.functions].map(([key, { handler, environment }]) => [
        key,
        {
          handler,
          rulesDir: environment?.RULES_DIR,
          notificationsDir: environment?.NOTIFICATIONS_DIR,
          inputs: findInputFiles(environment),
        },
      ]),
    )
  }

  /** Returns the folders of alert rules that functions read. */
  get rulesDirs(): readonly string[] {
    return [...new Set([...this.#declared.values()].flatMap(({ rulesDir }) => rulesDir ?? []))]
  }

  /**
   * Builds all functions before any of them starts, and removes the versions of an earlier process.
   *
   * @throws BuildError if a function cannot be built
   */
  async start(): Promise<void> {
    await rm(this.#parts.location, { recursive: true, force: true })
    await this.#build()
  }

  /** Returns the files of the inputs that functions read. */
  get inputs(): InputFiles | undefined {
    return [...this.#declared.values()].find(({ inputs }) => inputs)?.inputs
  }

  /**
   * Copies what functions read before any of them starts, so that later edits do not affect functions that start afterwards. Invalid
   * rules, receivers and routes are not copied.
   */
  async copyFiles(): Promise<void> {
    for (const folder of this.rulesDirs) await this.#useRules(folder).catch(() => {})
    await this.#useNotifications().catch(() => {})
    await this.#useInputs()
  }

  /** Returns the folder of receivers and routes that functions read. */
  get notificationsDir(): string | undefined {
    return [...this.#declared.values()].find(({ notificationsDir }) => notificationsDir)?.notificationsDir
  }

  /**
   * Handles saved files of a rules folder. Rules take effect only when a scheduled function has appended them to the log, so these
   * functions run at once. Readings that are sent after the rules were reported as reloaded are evaluated with them.
   */
  async reloadRules(folder: string, files: readonly string[]): Promise<string> {
    const { replace, run, say, functions } = this.#parts
    try {
      await this.#useRules(folder)
    } catch (error) {
      return this.#refuse('the old rules are kept', (error as Error).message, files)
    }
    const readers = this.#listReaders(folder)
    await replace(readers)
    for (const key of readers)
      if (functions.get(key)?.events?.some(event => 'schedule' in event)) await run(key)
    say(describeReload(readers, files))
    return ''
  }

  /** Handles saved receivers and routes. Notifications name their receivers, so those that wait keep the receivers of the former routes. */
  async reloadNotifications(files: readonly string[]): Promise<string> {
    const { replace, say } = this.#parts
    try {
      const readers = await this.#useNotifications()
      await replace(readers)
      say(describeReload(readers, files))
      return ''
    } catch (error) {
      return this.#refuse('the old receivers and routes are kept', (error as Error).message, files)
    }
  }

  /**
   * Handles saved families. Families without what rules or mappings need would stall the functions that read these, so they are not
   * used.
   */
  async reloadFamilies(files: readonly string[]): Promise<string> {
    const { functions, say } = this.#parts
    // Saved rules that are invalid are not in use, so their last valid copies are checked instead.
    const inUse = [...functions.values()].flatMap(({ environment }) => environment?.RULES_DIR ?? [])
    let errors: readonly string[] = []
    for (const folders of [this.rulesDirs, [...new Set(inUse)]]) {
      errors = await this.#findErrors(folders)
      if (errors.length === 0) {
        const refusal = await this.reloadCode(files)
        if (refusal !== '') return refusal
        const retyped = listRetyped(this.#families)
        const changed = listChangedMeanings(this.#families)
        this.#families = readSettings([FAMILIES]).families
        if (retyped.length > 0) say(`${retyped.join(', ')}: ${RETYPED}`)
        if (changed.length > 0) say(`${changed.join('; ')}: ${CHANGED}`)
        return ''
      }
    }
    return this.#refuse('the old families are kept', errors.join('\n'), files)
  }

  /** Handles saved inputs and mappings. A topic that was added is read from now on, and one that was removed no longer. */
  async reloadInputs(files: readonly string[]): Promise<string> {
    const { functions, expandInputs, updateEvents, replace, say } = this.#parts
    const errors = await this.#findErrors([])
    if (errors.length > 0)
      return this.#refuse('the old inputs and mappings are kept', errors.join('\n'), files)
    const readers = await this.#useInputs()
    const wanted = expandInputs()
    if ([...wanted].some(([key, events]) => events.length > 0 && !functions.has(key))) {
      say(`restart to use the change: ${files.join(', ')}`)
      return NEEDS_RESTART
    }
    const topics = listTopics(functions, wanted.keys())
    // End what is no longer read before functions have the new inputs: they would refuse its records.
    const definitions = [...wanted].flatMap(([key, events]) => {
      const definition = functions.get(key)
      return definition ? [{ definition, events }] : []
    })
    for (const { definition, events } of definitions)
      definition.events = (definition.events ?? []).filter(event =>
        events.some(other => isDeepStrictEqual(event, other)),
      )
    await updateEvents()
    await replace(readers)
    for (const { definition, events } of definitions) definition.events = events
    await updateEvents()
    say(`${describeReload(readers, files)}${describeTopics(topics, listTopics(functions, wanted.keys()))}`)
    return ''
  }

  /** Returns the errors of the inputs, and of the rules in these folders, with the current families. */
  async #findErrors(folders: readonly string[]): Promise<readonly string[]> {
    const shown = this.rulesDirs.map(folder => relative(this.#parts.projectDir, folder))
    try {
      const files = await Promise.all(folders.map((folder, index) => readRuleFiles(folder, shown[index])))
      return [...findRuleErrors(files.flat()), ...(this.inputs ? await findInputErrors(this.inputs) : [])]
    } catch (error) {
      if (error instanceof FileError) return [error.message]
      throw error
    }
  }

  /** Handles saved files of code. Functions whose code has not changed keep running. */
  async reloadCode(files: readonly string[]): Promise<string> {
    const { replace, say } = this.#parts
    try {
      const changed = await this.#build()
      if (changed.length === 0) return ''
      await replace(changed)
      say(describeReload(changed, files))
      return ''
    } catch (error) {
      if (!(error instanceof BuildError)) throw error
      return this.#refuse('the old code is kept, because the new one does not build', error.message, files)
    }
  }

  /** Reports refused files, and returns the reason. @param reason has a line for each error */
  async #refuse(what: string, reason: string, files: readonly string[]): Promise<string> {
    const { projectDir, say } = this.#parts
    const texts = await Promise.all(
      files.map(file => readFile(join(projectDir, file), 'utf8').catch(() => '')),
    )
    const drafts = files.filter((_, index) => texts[index]?.includes(`\n# ${DRAFT_HEAD}`))
    const errors = reason.split('\n').map(line => line.trim())
    const head = drafts.length > 0 ? `! ${drafts.join(', ')}: a draft to complete; ${what}` : `✗ ${what}`
    say([`${head}:`, ...errors.map(line => `    ${line}`)].join('\n'))
    return describeRefusal(errors)
  }

  /** Builds all functions and uses those whose code differs. Returns their keys. */
  async #build(): Promise<string[]> {
    const { build, functions, location } = this.#parts
    const { files, functions: built } = await build([...this.#declared.values()].map(toSourceFile))
    const changed = [...this.#declared].filter(
      ([, one]) =>
        built.get(toSourceFile(one))?.fingerprint !== this.#built.get(toSourceFile(one))?.fingerprint,
    )
    this.#built = built
    if (changed.length === 0) return []
    const version = this.#next()
    const folder = join(location, version)
    for (const [file, content] of [...files, ['package.json', '{"type":"module"}'] as const]) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), content)
    }
    for (const [key, one] of changed) {
      const { fingerprint = '' } = built.get(toSourceFile(one)) ?? {}
      const definition = functions.get(key) as Definition
      definition.handler = join(version, one.handler)
      definition.environment = {
        ...definition.environment,
        CODE_VERSION: this.#toCodeVersion(key, fingerprint),
      }
      this.#used.set(key, folder)
    }
    this.#folders.push(folder)
    const inUse = new Set(this.#used.values())
    for (const old of this.#folders.slice(0, -KEPT))
      if (!inUse.has(old)) await rm(old, { recursive: true, force: true })
    return changed.map(([key]) => key)
  }

  /** Checks the rules of a folder, and lets functions that start later read a copy. @throws Error with a line for each error */
  async #useRules(folder: string): Promise<void> {
    const { location, projectDir } = this.#parts
    const files = await readRuleFiles(folder, relative(projectDir, folder))
    const errors = findRuleErrors(files)
    if (errors.length > 0) throw new Error(errors.join('\n'))
    const copy = join(location, this.#next(), 'rules')
    await mkdir(copy, { recursive: true })
    for (const { file, text } of files) await writeFile(join(copy, basename(file)), text)
    this.#setVariables(this.#listReaders(folder), { RULES_DIR: copy })
  }

  /**
   * Checks receivers and routes together, and lets functions that start later read a copy.
   *
   * @returns keys of these functions
   * @throws Error with a line for each error
   */
  async #useNotifications(): Promise<string[]> {
    const { location, projectDir } = this.#parts
    const folder = this.notificationsDir
    if (folder === undefined) return []
    const copy = join(location, this.#next(), 'notifications')
    await cp(folder, copy, { recursive: true }).catch(ignoreMissing)
    const errors = await findNotificationErrors(copy, relative(projectDir, folder))
    if (errors.length > 0) throw new Error(errors.join('\n'))
    const readers = [...this.#declared].flatMap(([key, one]) => (one.notificationsDir ? [key] : []))
    this.#setVariables(readers, { NOTIFICATIONS_DIR: copy })
    return readers
  }

  /** Sets variables of functions that start later. */
  #setVariables(keys: readonly string[], variables: Readonly<Record<string, string>>): void {
    for (const key of keys) {
      const definition = this.#parts.functions.get(key) as Definition
      definition.environment = { ...definition.environment, ...variables }
    }
  }

  /**
   * Lets functions that start later read a copy of the inputs and mappings. Functions that map records get another version: what has
   * failed with the former mappings is tried again.
   *
   * @returns keys of these functions
   */
  async #useInputs(): Promise<string[]> {
    const { location } = this.#parts
    const { inputs } = this
    if (inputs === undefined) return []
    const folder = join(location, this.#next())
    const copy = {
      INPUTS_FILE: join(folder, 'inputs.yaml'),
      MAPPINGS_DIR: join(folder, 'mappings'),
    }
    await mkdir(folder, { recursive: true })
    const schemas = inputs.inputsFile.replace(/\.ya?ml$/, '')
    for (const [from, to] of [
      [inputs.inputsFile, copy.INPUTS_FILE],
      [schemas, join(folder, basename(schemas))],
      [inputs.mappingsDir, copy.MAPPINGS_DIR],
    ] as const)
      await cp(from, to, { recursive: true }).catch(ignoreMissing)
    this.#inputsVersion = `${await computeHash(folder)}-${readSettings([INPUTS]).timeZone}`
    const readers = [...this.#declared].filter(([, one]) => one.inputs).map(([key]) => key)
    for (const key of readers) {
      const { fingerprint = '' } = this.#built.get(toSourceFile(this.#declared.get(key) as Definition)) ?? {}
      this.#setVariables([key], { ...copy, CODE_VERSION: this.#toCodeVersion(key, fingerprint) })
    }
    return readers
  }

  #toCodeVersion(key: string, fingerprint: string): string {
    return this.#mapping.has(key) ? `${fingerprint}+${this.#inputsVersion}` : fingerprint
  }

  #listReaders(folder: string): string[] {
    return [...this.#declared].filter(([, { rulesDir }]) => rulesDir === folder).map(([key]) => key)
  }

  #next(): string {
    this.#version += 1
    return String(this.#version)
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

/** Returns the hash of the names and contents of all files in a folder. */
async function computeHash(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  for (const path of paths.sort()) hash.update(relative(folder, path)).update(await readFile(path))
  return hash.digest('hex').slice(0, 16)
}
