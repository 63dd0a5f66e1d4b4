import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { BuildError, type Built } from '../../../../infra/bundle-builder.ts'
import { type Definition, ReloadedFunction } from '../../../../localstack/reload/functions.ts'
import { Reloader } from '../../../../localstack/reload/reloader.ts'
import type { Candidate } from '../../../../localstack/reload/try-out.ts'
import { Versions } from '../../../../localstack/reload/versions.ts'
import { temporaryFolder } from '../../../integration/localstack/support.ts'

const RULES =
  'rules:\n  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: info }\n'

describe('given two functions, one of which reads rules', () => {
  let stage: ReloadStage
  let removed: () => void

  beforeEach(async () => {
    const { folder, remove } = temporaryFolder()
    removed = remove
    stage = await ReloadStage.create(folder)
  })
  afterEach(() => removed())

  it('when a file of one of them is saved, then that one is built, and starts with it from then on', async () => {
    await stage.saveCode('clock', 'new')
    assert.deepEqual(stage.said, ['reloaded clock: functions/clock/handler.ts'])
    assert.deepEqual(stage.built, [['clock']])
    assert.deepEqual(stage.replaced, [['clock']])
    assert.equal(await stage.codeOf('clock'), 'new')
    assert.equal(await stage.codeOf('alerting'), 'first')
  })

  it('when a file that both have is saved, then both are built at once and reloaded', async () => {
    stage.code.set('clock', 'new')
    stage.code.set('alerting', 'new')
    await stage.reloader.codeSaved(['lib/shared.ts'])
    assert.deepEqual(stage.said, ['reloaded clock, alerting: lib/shared.ts'])
    assert.deepEqual(stage.built, [['clock', 'alerting']])
  })

  it('when a file of none of them is saved, then nothing is built', async () => {
    await stage.reloader.codeSaved(['lib/other.ts'])
    assert.deepEqual(stage.said, ['nothing to reload: lib/other.ts affects no function'])
    assert.deepEqual([stage.built, stage.replaced], [[], []])
  })

  it('when a file is saved without a change, then nothing is replaced', async () => {
    await stage.saveCode('clock', 'first')
    assert.deepEqual(stage.said, ['nothing to reload: functions/clock/handler.ts affects no function'])
    assert.deepEqual(stage.replaced, [])
  })

  it('when code does not build, then its function keeps the old code, and others are reloaded', async () => {
    stage.code.set('alerting', 'new')
    stage.errors.push(handlerOf('clock'))
    await stage.reloader.codeSaved([handlerOf('clock'), handlerOf('alerting')])
    assert.deepEqual(stage.said, [
      '✗ clock keeps its old code: it does not build',
      '    functions/clock/handler.ts:1:1: no',
      'reloaded alerting: functions/clock/handler.ts, functions/alerting/handler.ts',
    ])
    assert.equal(await stage.codeOf('clock'), 'first')
    assert.equal(await stage.codeOf('alerting'), 'new')
  })

  it('when a new file of one of them does not build, then saves of the other one are reloaded', async () => {
    stage.imports.set('clock', 'lib/new.ts')
    stage.errors.push('lib/new.ts')
    stage.code.set('alerting', 'new')
    await stage.reloader.codeSaved([handlerOf('clock'), handlerOf('alerting')])
    assert.equal(stage.said[0], '✗ clock keeps its old code: it does not build')
    assert.match(stage.said.at(-1) ?? '', /^reloaded alerting: /)
    await stage.saveCode('alerting', 'newer')
    assert.deepEqual(stage.replaced, [['alerting'], ['alerting']])
    assert.equal(await stage.codeOf('alerting'), 'newer')
  })

  it('when code lacks a file, then it is built with the next save, whatever that is', async () => {
    stage.errors.push(handlerOf('clock'))
    await stage.saveCode('clock', 'new')
    assert.equal(stage.said[0], '✗ clock keeps its old code: it does not build')
    stage.errors.pop()
    await stage.reloader.codeSaved(['lib/missing.ts'])
    assert.equal(stage.said.at(-1), 'reloaded clock: lib/missing.ts')
    await stage.reloader.codeSaved(['lib/other.ts'])
    assert.equal(stage.said.at(-1), 'nothing to reload: lib/other.ts affects no function')
  })

  it('when code does not start, then the last good code stays, and is used by later starts', async () => {
    await stage.saveCode('clock', 'good')
    stage.refuses = 'it does not start: Error: no'
    await stage.saveCode('clock', 'bad')
    assert.equal(stage.said.at(-1), '✗ clock keeps its old code: it does not start: Error: no')
    assert.deepEqual(stage.replaced, [['clock']])
    assert.equal(await stage.codeOf('clock'), 'good')
  })

  it('when code is tried, then with the location and the variables that it will have', async () => {
    await stage.saveCode('alerting', 'new')
    const [{ file, name, environment }] = stage.tried as [Candidate]
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal(name, 'handler')
    assert.equal(environment.OF_ALL, 'yes')
    assert.equal(environment.RULES_DIR, stage.rulesDirOf('alerting'))
    assert.equal(environment.CODE_VERSION, 'fingerprint of new')
    assert.equal(stage.variableOf('alerting', 'CODE_VERSION'), 'fingerprint of new')
  })

  it('when rules are saved, then their readers start with a copy of them', async () => {
    await stage.saveRules(RULES.replace('40', '41'))
    assert.deepEqual(stage.said, ['reloaded alerting: 1 rule changed'])
    assert.deepEqual(stage.tried, [], 'they have been checked')
    assert.match(await stage.rulesOf('alerting'), /41/)
    await writeFile(join(stage.rules, 'weather.yaml'), 'edited on')
    assert.match(
      await stage.rulesOf('alerting'),
      /41/,
      'edits do not reach functions that start by themselves',
    )
  })

  it('when rules are saved, then scheduled readers run before the rules are reported as reloaded', async () => {
    await stage.saveRules(RULES.replace('40', '41'))
    stage.schedule('alerting')
    await stage.saveRules(RULES.replace('40', '42'))
    assert.deepEqual(stage.said, [
      'reloaded alerting: 1 rule changed',
      'alerting runs',
      'reloaded alerting: 1 rule changed',
    ])
  })

  it('when saved rules are the same or invalid, then scheduled readers do not run', async () => {
    stage.schedule('alerting')
    await stage.saveRules(RULES)
    await stage.saveRules('rules: 1')
    assert.ok(!stage.said.includes('alerting runs'))
  })

  it('when invalid rules are saved, then the old ones stay, and are used by later starts', async () => {
    await stage.saveRules('rules:\n  - { name: HOT }\n')
    const [first = '', ...further] = stage.said
    assert.match(first, /^✗ alerting keeps its old rules: \S*weather\.yaml:2:\d+ {2}HOT/)
    assert.ok(further.length > 0)
    for (const line of further) assert.match(line, /^ {4}\S*weather\.yaml:2:\d+ {2}HOT/)
    assert.deepEqual(stage.replaced, [])
    assert.equal(await stage.rulesOf('alerting'), RULES)
  })

  it('when a comment in the rules is saved, then nothing is replaced', async () => {
    await stage.saveRules(`# a comment\n${RULES}`)
    assert.deepEqual(stage.replaced, [])
    assert.match(stage.said[0] ?? '', /^nothing to reload: /)
  })

  it('when many versions are saved, then old ones are removed, but none that is in use', async () => {
    await stage.saveCode('clock', 'kept')
    for (let version = 0; version < 12; version++) await stage.saveCode('alerting', `${version}`)
    assert.ok((await readdir(stage.location)).length <= 8)
    assert.equal(await stage.codeOf('clock'), 'kept')
    assert.equal(await stage.codeOf('alerting'), '11')
    assert.equal(await stage.rulesOf('alerting'), RULES)
  })
})

describe('given rules that are invalid at startup', () => {
  it('when they are fixed, then their readers start with them', async () => {
    const { folder, remove } = temporaryFolder()
    try {
      const stage = await ReloadStage.create(folder, 'rules: 1')
      assert.equal(stage.rulesDirOf('alerting'), stage.rules, 'errors name the file to edit')
      await stage.saveRules(RULES)
      assert.deepEqual(stage.said, ['reloaded alerting: 1 rule added'])
      assert.equal(await stage.rulesOf('alerting'), RULES)
    } finally {
      remove()
    }
  })
})

const handlerOf = (name: string) => `functions/${name}/handler.ts`

/** Functions without threads: builds and trials are given by the test, and replacements are recorded. */
class ReloadStage {
  /** The code that a build makes of each function. */
  readonly code = new Map<string, string>()
  /** A further source of a function. */
  readonly imports = new Map<string, string>()
  /** Files that do not build. */
  readonly errors: string[] = []
  readonly said: string[] = []
  readonly tried: Candidate[] = []
  readonly replaced: (readonly string[])[] = []
  /** The functions of each build since the start. */
  readonly built: (readonly string[])[] = []
  readonly reloader: Reloader
  /** Why a candidate does not start. */
  refuses: string | undefined
  readonly #folder: string
  readonly #definitions: Readonly<Record<string, Definition>>

  private constructor(folder: string) {
    this.#folder = folder
    this.#definitions = {
      clock: { handler: 'functions/clock/handler.handler' },
      alerting: { handler: 'functions/alerting/handler.handler', environment: { RULES_DIR: this.rules } },
    }
    this.reloader = new Reloader({
      functions: Object.entries(this.#definitions).map(([key, own]) => new ReloadedFunction(key, own)),
      projectDir: folder,
      location: this.location,
      versions: new Versions(this.location),
      provided: { OF_ALL: 'yes' },
      build: async entries => this.#build(entries.map(entry => entry.split('/')[1] as string)),
      tryOut: async candidate => {
        this.tried.push(candidate)
        return this.refuses
      },
      replace: async keys => void this.replaced.push(keys),
      run: async key => void this.said.push(`${key} runs`),
      say: line => void this.said.push(line),
    })
  }

  static async create(folder: string, rules = RULES): Promise<ReloadStage> {
    const stage = new ReloadStage(folder)
    await mkdir(stage.rules)
    await writeFile(join(stage.rules, 'weather.yaml'), rules)
    await stage.reloader.start()
    await stage.reloader.keepRules()
    stage.built.length = 0
    return stage
  }

  get rules(): string {
    return join(this.#folder, 'rules')
  }

  get location(): string {
    return join(this.#folder, 'build')
  }

  async saveCode(name: string, code: string): Promise<void> {
    this.code.set(name, code)
    await this.reloader.codeSaved([handlerOf(name)])
  }

  async saveRules(text: string): Promise<void> {
    await writeFile(join(this.rules, 'weather.yaml'), text)
    await this.reloader.rulesSaved(this.rules, ['config/rules/weather.yaml'])
  }

  schedule(name: string): void {
    Object.assign(this.#definitions[name] as Definition, {
      events: [{ schedule: { rate: 'rate(1 minute)' } }],
    })
  }

  /** Returns the code that a new instance would load now. */
  codeOf(name: string): Promise<string> {
    const { handler } = this.#definitions[name] as Definition
    return readFile(join(this.location, handler.replace(/\.handler$/, '.js')), 'utf8')
  }

  variableOf(name: string, variable: string): string {
    return this.#definitions[name]?.environment?.[variable] ?? ''
  }

  rulesDirOf(name: string): string {
    const folder = this.variableOf(name, 'RULES_DIR')
    assert.ok(existsSync(folder), folder)
    return folder
  }

  rulesOf(name: string): Promise<string> {
    return readFile(join(this.rulesDirOf(name), 'weather.yaml'), 'utf8')
  }

  #build(names: readonly string[]): Built {
    this.built.push(names)
    const sourcesOf = (name: string) =>
      [handlerOf(name), 'lib/shared.ts', this.imports.get(name) ?? []].flat()
    const failed = this.errors.filter(file => names.some(name => sourcesOf(name).includes(file)))
    if (failed.length > 0)
      throw new BuildError(failed.map(file => ({ text: 'no', location: { ...START, file } })))
    const all = names.map(name => ({ name, code: this.code.get(name) ?? 'first' }))
    const codeOf = (name: string, code: string) => ({
      sources: new Set(sourcesOf(name)),
      fingerprint: `fingerprint of ${code}`,
    })
    return {
      files: new Map(all.map(({ name, code }) => [`functions/${name}/handler.js`, Buffer.from(code)])),
      functions: new Map(all.map(({ name, code }) => [handlerOf(name), codeOf(name, code)])),
    }
  }
}

const START = { line: 1, column: 0 }
