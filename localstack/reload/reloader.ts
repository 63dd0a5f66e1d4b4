import { join, relative } from 'node:path'
import { type Built, bundleIn, fingerprintOf } from '../../infra/bundle-builder.ts'
import type { Change, CodeVersion, ReloadedFunction, RulesVersion } from './functions.ts'
import { filesNamed, type Refusal, refusedLines, reloadedLine, unchangedLine } from './lines.ts'
import { differenceOf, type RuleSet, readRuleSet } from './rule-set.ts'
import type { Candidate } from './try-out.ts'
import type { Versions } from './versions.ts'

export interface ReloaderParts {
  readonly functions: readonly ReloadedFunction[]
  readonly projectDir: string
  /** The folder that serverless-offline resolves handlers from. */
  readonly location: string
  /** The folder of the versions, relative to `location`. */
  readonly versionsPath: string
  readonly versions: Versions
  /** Variables that all functions receive. */
  readonly provided: Readonly<Record<string, string>>
  readonly build: (entry: string) => Promise<Built>
  /** Returns why the candidate does not start; undefined if it does. */
  readonly tryOut: (candidate: Candidate) => Promise<string | undefined>
  /** Called after the definitions of these functions name the new versions. */
  readonly replace: (functionKeys: readonly string[]) => Promise<void>
  readonly say: (line: string) => void
}

/** A change that was not tried yet, and how to describe it. */
interface Planned {
  readonly target: ReloadedFunction
  readonly change: Change
  readonly kept: Refusal['kept']
  readonly what: string
}

/**
 * Applies saved code and rules to functions. A change that does not build, parse or start is rejected, and the running
 * version stays. A function that starts later, because of load or after a crash, gets the last accepted version.
 */
export class Reloader {
  readonly #parts: ReloaderParts
  /** The rules in use, by source folder. */
  readonly #rules = new Map<string, RuleSet>()

  constructor(parts: ReloaderParts) {
    this.#parts = parts
  }

  /** The folders of alert rules that functions read. */
  get rulesDirs(): readonly string[] {
    return [...new Set(this.#parts.functions.flatMap(({ rulesDir }) => rulesDir ?? []))]
  }

  /**
   * Copies the rules before any function starts, so that later edits do not reach functions that start by themselves.
   * Invalid rules are not copied.
   */
  async keepRules(): Promise<void> {
    for (const folder of this.rulesDirs) {
      const set = await readRuleSet(folder).catch(() => undefined)
      if (!set) continue
      const rules = await this.#copyOf(set)
      this.#rules.set(folder, set)
      for (const target of this.#readersOf(folder)) target.use({ rules })
    }
  }

  /**
   * Handles saved files of a rule folder. Returns the scheduled functions whose rules have changed: they must run at
   * once, because rules take effect through their runs.
   */
  async rulesSaved(folder: string, files: readonly string[]): Promise<readonly string[]> {
    const readers = this.#readersOf(folder)
    const { say, projectDir } = this.#parts
    const set = await readRuleSet(folder, relative(projectDir, folder)).catch((error: Error) => error)
    if (set instanceof Error) {
      const functions = readers.map(({ key }) => key)
      refusedLines([{ functions, kept: 'rules', reason: set.message }]).forEach(say)
      return []
    }
    const what = differenceOf(this.#rules.get(folder)?.rules ?? [], set.rules)
    if (what === undefined) {
      say(unchangedLine(files, 'rule'))
      return []
    }
    const rules = await this.#copyOf(set)
    const accepted = await this.#apply(
      readers.map(target => ({ target, change: { rules }, kept: 'rules', what })),
    )
    if (accepted.length > 0) this.#rules.set(folder, set)
    return accepted.flatMap(({ target }) => (target.isScheduled ? [target.key] : []))
  }

  /** Handles saved source files. */
  async codeSaved(files: readonly string[]): Promise<void> {
    const { functions, build, say } = this.#parts
    const refusals: Refusal[] = []
    const planned: Planned[] = []
    const version = this.#parts.versions.next()
    for (const target of functions) {
      const built = await build(target.entry)
      if ('errors' in built) {
        const reason = ['it does not build', ...built.errors].join('\n')
        refusals.push({ functions: [target.key], kept: 'code', reason })
        continue
      }
      const code = await this.#codeOf(target, version, built.bundle)
      if (code) planned.push({ target, change: { code }, kept: 'code', what: filesNamed(files) })
    }
    refusedLines(refusals).forEach(say)
    if (planned.length > 0) await this.#apply(planned)
    else if (refusals.length === 0) say(unchangedLine(files, 'function'))
  }

  /** Undefined if the function already runs this bundle. */
  async #codeOf(
    target: ReloadedFunction,
    version: number,
    bundle: ReadonlyMap<string, Uint8Array>,
  ): Promise<CodeVersion | undefined> {
    const { location, versions, versionsPath } = this.#parts
    target.fingerprint ??= fingerprintOf(await bundleIn(join(location, target.firstBundle)))
    const fingerprint = fingerprintOf(bundle)
    if (fingerprint === target.fingerprint) return undefined
    const folder = join(versionsPath, await versions.writeCode(version, target.key, bundle))
    return { version, folder, fingerprint }
  }

  async #copyOf(set: RuleSet): Promise<RulesVersion> {
    const version = this.#parts.versions.next()
    return { version, folder: await this.#parts.versions.writeRules(version, set) }
  }

  /** Tries each change, applies those that start, and reports the result. Returns the applied ones. */
  async #apply(planned: readonly Planned[]): Promise<readonly Planned[]> {
    const { location, provided, tryOut, replace, say, versions, functions } = this.#parts
    const refusals: Refusal[] = []
    const accepted: Planned[] = []
    for (const one of planned) {
      const { target, change, kept } = one
      const reason = await tryOut(target.candidate(change, location, provided))
      if (reason === undefined) accepted.push(one)
      else refusals.push({ functions: [target.key], kept, reason })
    }
    refusedLines(refusals).forEach(say)
    const [first] = accepted
    if (!first) return []
    for (const { target, change } of accepted) target.use(change)
    const keys = accepted.map(({ target }) => target.key)
    await replace(keys)
    say(reloadedLine(keys, first.what))
    await versions.prune(new Set(functions.flatMap(target => target.versions)))
    return accepted
  }

  #readersOf(folder: string): readonly ReloadedFunction[] {
    return this.#parts.functions.filter(({ rulesDir }) => rulesDir === folder)
  }
}
