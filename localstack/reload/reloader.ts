import { relative } from 'node:path'
import pMap from 'p-map'
import { BuildError, type Built, type FunctionCode } from '../../infra/bundle-builder.ts'
import type { Change, ReloadedFunction } from './functions.ts'
import { filesNamed, type Refusal, refusedLines, reloadedLine, unchangedLine } from './lines.ts'
import { differenceOf, type RuleSet, readRuleSet } from './rule-set.ts'
import type { Candidate } from './try-out.ts'
import type { Versions } from './versions.ts'

export interface ReloaderParts {
  readonly functions: readonly ReloadedFunction[]
  readonly projectDir: string
  /** Folder from which serverless-offline resolves handlers. */
  readonly location: string
  /** Stores the versions of code and rules in folders within `location`. */
  readonly versions: Versions
  /** Environment variables for all functions. */
  readonly provided: Readonly<Record<string, string>>
  /** Builds functions. Rejects with BuildError if any of the entries cannot be built. */
  readonly build: (entries: readonly string[]) => Promise<Built>
  /** Returns the reason why a candidate does not start; undefined if it starts. */
  readonly tryOut: (candidate: Candidate) => Promise<string | undefined>
  /** Called after the definitions of these functions refer to the new versions. */
  readonly replace: (functionKeys: readonly string[]) => Promise<void>
  /** Runs a scheduled function at once, and reports it if that fails. */
  readonly run: (functionKey: string) => Promise<void>
  readonly say: (line: string) => void
}

interface Changed {
  readonly target: ReloadedFunction
  readonly change: Change
}

/** Maximum number of functions that are tried out concurrently. Each of them uses as much memory as a running function. */
const TRIED_AT_ONCE = 2

/**
 * Builds functions and applies saved code and rules. A change that does not build, parse or start is rejected, and the running
 * version is kept. Functions that start later, because of load or after a crash, use the last accepted version.
 */
export class Reloader {
  readonly #parts: ReloaderParts
  /** Source files that each function's last build included. */
  readonly #sources = new Map<ReloadedFunction, ReadonlySet<string>>()
  /**
   * Functions that could not be built. They are built again after every save, because any saved file may contain the correction.
   */
  readonly #unbuilt = new Set<ReloadedFunction>()
  /** Rules in use, by source folder. */
  readonly #rules = new Map<string, RuleSet>()

  constructor(parts: ReloaderParts) {
    this.#parts = parts
  }

  /** Returns the folders of alert rules that functions read. */
  get rulesDirs(): readonly string[] {
    return [...new Set(this.#parts.functions.flatMap(({ rulesDir }) => rulesDir ?? []))]
  }

  /**
   * Builds all functions before any of them starts.
   *
   * @throws BuildError if a function cannot be built
   */
  async start(): Promise<void> {
    for (const { target, change } of await this.#built(this.#parts.functions)) target.use(change)
  }

  /**
   * Copies the rules before any function starts, so that later edits do not affect functions that start afterwards. Invalid rules
   * are not copied.
   */
  async keepRules(): Promise<void> {
    for (const folder of this.rulesDirs) {
      const set = await readRuleSet(folder).catch(() => undefined)
      if (!set) continue
      const change = await this.#parts.versions.writeRules(set)
      this.#rules.set(folder, set)
      for (const target of this.#readersOf(folder)) target.use(change)
    }
  }

  /**
   * Handles saved files of a rules folder. Rules take effect only when a scheduled function has appended them to the log, so these
   * functions run at once. Readings that are sent after the rules were reported as reloaded are evaluated with them.
   */
  async rulesSaved(folder: string, files: readonly string[]): Promise<void> {
    const readers = this.#readersOf(folder)
    const { say, projectDir, versions, run } = this.#parts
    const set = await readRuleSet(folder, relative(projectDir, folder)).catch((error: Error) => error)
    if (set instanceof Error) {
      const functions = readers.map(({ key }) => key)
      refusedLines([{ functions, kept: 'rules', reason: set.message }]).forEach(say)
      return
    }
    const what = differenceOf(this.#rules.get(folder)?.rules ?? [], set.rules)
    if (what === undefined) {
      say(unchangedLine(files, 'rule'))
      return
    }
    const change = await versions.writeRules(set)
    // The rules were already parsed by the functions' own code, so the functions need not be tried out.
    await this.#replace(
      readers.map(target => ({ target, change })),
      what,
      async () => {
        for (const { key, isScheduled } of readers) if (isScheduled) await run(key)
      },
    )
    this.#rules.set(folder, set)
  }

  async codeSaved(files: readonly string[]): Promise<void> {
    const { functions, say } = this.#parts
    const affected = functions.filter(target => this.#unbuilt.has(target) || this.#hasSource(target, files))
    const refusals: Refusal[] = []
    const changed = await this.#builtOrRefused(affected, refusals)
    refusedLines(refusals).forEach(say)
    if (changed.length > 0) await this.#replace(await this.#thoseThatStart(changed), filesNamed(files))
    else if (refusals.length === 0) say(unchangedLine(files, 'function'))
  }

  /** Builds functions, and reports the functions with errors. All others are built nevertheless. */
  async #builtOrRefused(
    targets: readonly ReloadedFunction[],
    refusals: Refusal[],
  ): Promise<readonly Changed[]> {
    try {
      return await this.#built(targets)
    } catch (error) {
      if (!(error instanceof BuildError)) throw error
      const known = targets.filter(target => this.#hasSource(target, error.files))
      // The error is in a file that no function used before.
      if (known.length === 0 && targets.length > 1) return this.#eachBuiltOrRefused(targets, refusals)
      const broken = known.length > 0 ? known : targets
      for (const target of broken) this.#unbuilt.add(target)
      const reason = `it does not build\n${error.message}`
      refusals.push({ functions: broken.map(({ key }) => key), kept: 'code', reason })
      return this.#builtOrRefused(
        targets.filter(target => !broken.includes(target)),
        refusals,
      )
    }
  }

  /** Builds each function separately, to find the functions with errors. */
  async #eachBuiltOrRefused(
    targets: readonly ReloadedFunction[],
    refusals: Refusal[],
  ): Promise<readonly Changed[]> {
    const changed: Changed[] = []
    for (const target of targets) changed.push(...(await this.#builtOrRefused([target], refusals)))
    return changed
  }

  /**
   * Builds functions and returns the functions whose new code differs from the code in use.
   *
   * @throws BuildError if a function cannot be built
   */
  async #built(targets: readonly ReloadedFunction[]): Promise<readonly Changed[]> {
    if (targets.length === 0) return []
    const { build, versions } = this.#parts
    const { files, functions } = await build(targets.map(({ entry }) => entry))
    const changed = targets.flatMap(target => {
      const { sources, fingerprint } = functions.get(target.entry) as FunctionCode
      this.#sources.set(target, sources)
      this.#unbuilt.delete(target)
      return fingerprint === target.fingerprint ? [] : [{ target, fingerprint }]
    })
    if (changed.length === 0) return []
    const changeTo = await versions.writeCode(files)
    return changed.map(({ target, fingerprint }) => ({ target, change: changeTo(fingerprint) }))
  }

  #hasSource(target: ReloadedFunction, files: readonly string[]): boolean {
    return files.some(file => this.#sources.get(target)?.has(file))
  }

  /** Tries out new code. Reports functions that do not start, and returns the others. */
  async #thoseThatStart(changed: readonly Changed[]): Promise<readonly Changed[]> {
    const { location, provided, tryOut, say } = this.#parts
    const reasons = await pMap(
      changed,
      ({ target, change }) => tryOut(target.candidate(change, location, provided)),
      { concurrency: TRIED_AT_ONCE },
    )
    const refusals = changed.flatMap(({ target }, at): Refusal[] => {
      const reason = reasons[at]
      return reason === undefined ? [] : [{ functions: [target.key], kept: 'code', reason }]
    })
    refusedLines(refusals).forEach(say)
    return changed.filter((_, at) => reasons[at] === undefined)
  }

  /** @param takeEffect called before the change is reported as reloaded */
  async #replace(
    accepted: readonly Changed[],
    what: string,
    takeEffect: () => Promise<void> = async () => {},
  ): Promise<void> {
    if (accepted.length === 0) return
    const { replace, say, versions, functions } = this.#parts
    for (const { target, change } of accepted) target.use(change)
    const keys = accepted.map(({ target }) => target.key)
    await replace(keys)
    await takeEffect()
    say(reloadedLine(keys, what))
    await versions.prune(new Set(functions.flatMap(target => target.versions)))
  }

  #readersOf(folder: string): readonly ReloadedFunction[] {
    return this.#parts.functions.filter(({ rulesDir }) => rulesDir === folder)
  }
}
