import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Built } from '../../../../infra/bundle-builder.ts'
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

  it('when saved code changes one of them, then that one starts with it from then on', async () => {
    stage.code.set('clock', 'new')
    await stage.reloader.codeSaved(['lib/a.ts'])
    assert.deepEqual(stage.said, ['reloaded clock: lib/a.ts'])
    assert.deepEqual(stage.replaced, [['clock']])
    assert.equal(await stage.codeOf('clock'), 'new')
    assert.equal(await stage.codeOf('alerting'), 'first')
  })

  it('when saved code changes none of them, then nothing is replaced', async () => {
    await stage.reloader.codeSaved(['lib/a.ts'])
    assert.deepEqual([stage.said, stage.replaced], [['nothing to reload: lib/a.ts changes no function'], []])
  })

  it('when code does not build, then its function keeps the old code, and others are reloaded', async () => {
    stage.code.set('clock', { errors: ['lib/a.ts:1:1: no'] })
    stage.code.set('alerting', 'new')
    await stage.reloader.codeSaved(['lib/a.ts'])
    assert.deepEqual(stage.said, [
      '✗ clock keeps its old code: it does not build',
      '    lib/a.ts:1:1: no',
      'reloaded alerting: lib/a.ts',
    ])
    assert.equal(await stage.codeOf('clock'), 'first')
  })

  it('when code does not start, then the last good code stays, and is used by later starts', async () => {
    stage.code.set('clock', 'good')
    await stage.reloader.codeSaved(['lib/a.ts'])
    stage.refuses = 'it does not start: Error: no'
    stage.code.set('clock', 'bad')
    await stage.reloader.codeSaved(['lib/b.ts'])
    assert.equal(stage.said.at(-1), '✗ clock keeps its old code: it does not start: Error: no')
    assert.deepEqual(stage.replaced, [['clock']])
    assert.equal(await stage.codeOf('clock'), 'good')
  })

  it('when code is tried, then with the location and the variables that it will have', async () => {
    stage.code.set('alerting', 'new')
    await stage.reloader.codeSaved(['lib/a.ts'])
    const [{ file, name, environment }] = stage.tried as [Candidate]
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal(name, 'handler')
    assert.equal(environment.OF_ALL, 'yes')
    assert.equal(environment.RULES_DIR, stage.rulesDirOf('alerting'))
  })

  it('when rules are saved, then their readers start with a copy of them', async () => {
    await stage.saveRules(RULES.replace('40', '41'))
    assert.deepEqual(stage.said, ['reloaded alerting: 1 rule changed'])
    assert.match(await stage.rulesOf('alerting'), /41/)
    await writeFile(join(stage.rules, 'weather.yaml'), 'edited on')
    assert.match(
      await stage.rulesOf('alerting'),
      /41/,
      'edits do not reach functions that start by themselves',
    )
  })

  it('when rules are saved, then only the scheduled readers must run at once', async () => {
    assert.deepEqual(await stage.saveRules(RULES.replace('40', '41')), [])
    stage.schedule('alerting')
    assert.deepEqual(await stage.saveRules(RULES.replace('40', '42')), ['alerting'])
    assert.deepEqual(await stage.saveRules(RULES.replace('40', '42')), [], 'nothing has changed')
    assert.deepEqual(await stage.saveRules('rules: 1'), [], 'they are rejected')
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

  it('when a function does not start with the rules, then they are not in use, and new the next time', async () => {
    stage.refuses = 'it does not start: Error: no'
    await stage.saveRules(RULES.replace('40', '41'))
    stage.refuses = undefined
    await stage.saveRules(RULES.replace('40', '41'))
    assert.deepEqual(stage.said, [
      '✗ alerting keeps its old rules: it does not start: Error: no',
      'reloaded alerting: 1 rule changed',
    ])
  })

  it('when many versions are saved, then old ones are removed, but none that is in use', async () => {
    stage.code.set('clock', 'kept')
    await stage.reloader.codeSaved(['lib/a.ts'])
    for (let version = 0; version < 12; version++) {
      stage.code.set('alerting', `${version}`)
      await stage.reloader.codeSaved(['lib/a.ts'])
    }
    assert.ok((await readdir(stage.versions)).length <= 8)
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

/** Functions without threads: builds and trials are given by the test, and replacements are recorded. */
class ReloadStage {
  readonly code = new Map<string, string | { readonly errors: readonly string[] }>()
  readonly said: string[] = []
  readonly tried: Candidate[] = []
  readonly replaced: (readonly string[])[] = []
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
      location: join(folder, 'build'),
      versionsPath: 'versions',
      versions: new Versions(this.versions),
      provided: { OF_ALL: 'yes' },
      build: async entry => this.#built(entry.split('/')[1] as string),
      tryOut: async candidate => {
        this.tried.push(candidate)
        return this.refuses
      },
      replace: async keys => void this.replaced.push(keys),
      say: line => void this.said.push(line),
    })
  }

  static async create(folder: string, rules = RULES): Promise<ReloadStage> {
    const stage = new ReloadStage(folder)
    for (const name of Object.keys(stage.#definitions)) {
      const place = join(folder, 'build', 'functions', name)
      await mkdir(place, { recursive: true })
      await writeFile(join(place, 'handler.js'), 'first')
    }
    await mkdir(stage.rules)
    await writeFile(join(stage.rules, 'weather.yaml'), rules)
    await stage.reloader.keepRules()
    return stage
  }

  get rules(): string {
    return join(this.#folder, 'rules')
  }

  get versions(): string {
    return join(this.#folder, 'build', 'versions')
  }

  /** Returns the functions that must run at once. */
  async saveRules(text: string): Promise<readonly string[]> {
    await writeFile(join(this.rules, 'weather.yaml'), text)
    return this.reloader.rulesSaved(this.rules, ['rules/weather.yaml'])
  }

  schedule(name: string): void {
    Object.assign(this.#definitions[name] as Definition, {
      events: [{ schedule: { rate: 'rate(1 minute)' } }],
    })
  }

  /** What a new instance would load now. */
  codeOf(name: string): Promise<string> {
    const { handler } = this.#definitions[name] as Definition
    return readFile(join(this.#folder, 'build', handler.replace(/\.handler$/, '.js')), 'utf8')
  }

  rulesDirOf(name: string): string {
    const folder = this.#definitions[name]?.environment?.RULES_DIR ?? ''
    assert.ok(existsSync(folder), folder)
    return folder
  }

  rulesOf(name: string): Promise<string> {
    return readFile(join(this.rulesDirOf(name), 'weather.yaml'), 'utf8')
  }

  #built(name: string): Built {
    const code = this.code.get(name) ?? 'first'
    return typeof code === 'string' ? { bundle: new Map([['handler.js', Buffer.from(code)]]) } : code
  }
}
