import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { DRAFT_HEAD } from '../../../../control/drafts/draft.ts'
import { BuildError } from '../../../../infra/packaging/bundle-builder.ts'
import type { Definition } from '../../../../localstack/reload/definition.ts'
import { Reloader } from '../../../../localstack/reload/reloader.ts'
import { temporaryFolder } from '../../../integration/localstack/support.ts'

const RULES =
  'rules:\n  - { name: HOT, family: environment, metric: temperature, fireAbove: 40, severity: info }\n'

const RECEIVERS = 'receivers:\n  - { name: sns, kind: sns }\n'
const ROUTES = 'routes:\n  - { name: default, receivers: [sns] }\n'

describe('given functions that read rules, inputs, or receivers and routes', () => {
  let folder: string
  let rules: string
  let removed: () => void
  let functions: Map<string, Definition>
  let reloader: Reloader
  const code = new Map<string, string>()
  /** Topics of intake, each time the trigger reads its events anew. */
  const read: unknown[][] = []
  const said: string[] = []
  const done: string[] = []
  let isBroken = false
  let wanted: readonly string[] = []

  const getHandler = (name: string) => `functions/${name}/handler`
  const getCode = (name: string) =>
    readFile(join(folder, 'built', `${functions.get(name)?.handler.replace('.handler', '.js')}`), 'utf8')
  const listRules = (name: string) =>
    readFile(join(functions.get(name)?.environment?.RULES_DIR ?? '', 'own.yaml'), 'utf8')

  const saveNotifications = (name: string, text: string) =>
    writeFile(join(folder, 'notifications', `${name}.yaml`), text)
  const readInForce = (name: string) =>
    readFile(join(functions.get('deliver')?.environment?.NOTIFICATIONS_DIR ?? '', `${name}.yaml`), 'utf8')

  beforeEach(async () => {
    const temporary = temporaryFolder()
    folder = temporary.folder
    removed = temporary.remove
    rules = join(folder, 'rules')
    await mkdir(rules)
    await writeFile(join(rules, 'own.yaml'), RULES)
    await mkdir(join(folder, 'notifications'))
    await saveNotifications('receivers', RECEIVERS)
    await saveNotifications('routes', ROUTES)
    isBroken = false
    said.length = done.length = 0
    const entry = (name: string, events: object[]): [string, Definition] => [
      name,
      { handler: `${getHandler(name)}.handler`, events, environment: { RULES_DIR: rules } },
    ]
    const intake: Definition = {
      handler: `${getHandler('intake')}.handler`,
      events: [],
      environment: { INPUTS_FILE: join(folder, 'inputs.yaml'), MAPPINGS_DIR: join(folder, 'mappings') },
    }
    functions = new Map([
      entry('clock', [{ schedule: {} }]),
      entry('alerting', [{ msk: {} }]),
      ['intake', intake],
      [
        'deliver',
        {
          handler: `${getHandler('deliver')}.handler`,
          environment: { NOTIFICATIONS_DIR: join(folder, 'notifications') },
        },
      ],
    ])
    wanted = []
    read.length = 0
    for (const name of functions.keys()) code.set(name, 'first')
    reloader = new Reloader({
      functions,
      projectDir: folder,
      location: join(folder, 'built'),
      async build(entries) {
        if (isBroken)
          throw new BuildError([
            { text: 'no', location: { file: 'functions/clock/handler.ts', line: 1, column: 0 } },
          ])
        const files = [...code].map(([name, text]) => [`${getHandler(name)}.js`, Buffer.from(text)] as const)
        const built = [...code].map(
          ([name, text]) =>
            [
              `${getHandler(name)}.ts`,
              { sources: new Set([`${getHandler(name)}.ts`]), fingerprint: text },
            ] as const,
        )
        assert.deepEqual(
          entries,
          built.map(([entry]) => entry),
        )
        return { files: new Map(files), functions: new Map(built) }
      },
      replace: async keys => void done.push(`replaced ${keys}`),
      expandInputs: () => new Map([['intake', wanted.map(topic => ({ kafka: { topic } }))]]),
      updateEvents: async () =>
        void read.push((functions.get('intake')?.events ?? []).flatMap(event => Object.values(event))),
      run: async key => void done.push(`ran ${key}`),
      say: line => void said.push(line),
    })
    await reloader.start()
    await reloader.copyFiles()
  })
  afterEach(() => removed())

  it('when code is saved, then the functions with other code are replaced, and start with it', async () => {
    code.set('clock', 'new')
    await reloader.reloadCode(['functions/clock/handler.ts'])
    assert.deepEqual(said, ['reloaded clock: functions/clock/handler.ts'])
    assert.deepEqual(done, ['replaced clock'])
    assert.deepEqual([await getCode('clock'), await getCode('alerting')], ['new', 'first'])
    assert.equal(functions.get('clock')?.environment?.CODE_VERSION, 'new')
  })

  it('when a file is saved that changes no function, then nothing is replaced', async () => {
    await reloader.reloadCode(['lib/other.ts'])
    assert.deepEqual([said, done], [[], []])
  })

  it('when code does not build, then the old code is kept, and the next save is built', async () => {
    isBroken = true
    code.set('clock', 'new')
    await reloader.reloadCode(['functions/clock/handler.ts'])
    assert.equal(
      said[0],
      '✗ the old code is kept, because the new one does not build:\n    functions/clock/handler.ts:1:1: no',
    )
    assert.equal(await getCode('clock'), 'first')
    isBroken = false
    await reloader.reloadCode(['functions/clock/handler.ts'])
    assert.equal(await getCode('clock'), 'new')
  })

  it('when rules are saved, then their readers are replaced, and scheduled ones run', async () => {
    await writeFile(join(rules, 'own.yaml'), RULES.replace('40', '30'))
    await reloader.reloadRules(rules, ['rules/own.yaml'])
    assert.deepEqual(said, ['reloaded clock, alerting: rules/own.yaml'])
    assert.deepEqual(done, ['replaced clock,alerting', 'ran clock'])
    assert.match(await listRules('alerting'), /fireAbove: 30/)
  })

  it('when invalid rules are saved, then each error is shown, and the old rules are kept', async () => {
    await writeFile(join(rules, 'own.yaml'), RULES.replace('info', 'mild'))
    await reloader.reloadRules(rules, ['rules/own.yaml'])
    assert.match(said.join(), /^✗ the old rules are kept:\n {4}rules\/own\.yaml:\d+:\d+ {2}HOT\.severity: /)
    assert.deepEqual(done, [])
    assert.equal(await listRules('alerting'), RULES)
  })

  it('when receivers are saved, then their readers start with them', async () => {
    await saveNotifications('receivers', `${RECEIVERS}  - { name: phone, kind: webhook, secret: phone }\n`)
    await reloader.reloadNotifications(['notifications/receivers.yaml'])
    assert.deepEqual(said, ['reloaded deliver: notifications/receivers.yaml'])
    assert.deepEqual(done, ['replaced deliver'])
    assert.match(await readInForce('receivers'), /phone/)
  })

  it('when a route is saved to a receiver that is not there yet, then both files stay, and the next save puts both into force', async () => {
    await saveNotifications('routes', ROUTES.replace('[sns]', '[phone]'))
    await reloader.reloadNotifications(['notifications/routes.yaml'])
    assert.match(
      said.join(),
      /^✗ the old receivers and routes are kept:\n {4}notifications\/routes\.yaml:2:\d+ {2}default\.receivers\.0: unknown receiver\. Use sns$/,
    )
    assert.deepEqual([done, await readInForce('routes')], [[], ROUTES])
    await saveNotifications('receivers', RECEIVERS.replace('name: sns, kind: sns', 'name: phone, kind: sns'))
    await reloader.reloadNotifications(['notifications/receivers.yaml'])
    assert.deepEqual(done, ['replaced deliver'])
    assert.match(await readInForce('routes'), /phone/)
  })

  it('when families are saved without one that rules or mappings use, then the old ones are kept, with file and line', async context => {
    const [families, mappings] = ['families', 'mappings'].map(name => join(folder, name)) as [string, string]
    for (const made of [families, mappings]) await mkdir(made)
    // The inputs of one machine have all mappings.
    const settings = { FAMILIES_DIR: families, SLUICE_ONE_MACHINE: 'on' }
    Object.assign(process.env, settings)
    context.after(() => {
      for (const name of Object.keys(settings)) delete process.env[name]
    })
    const shipped = new URL('../../../../config/families/', import.meta.url)
    const save = async (...kept: string[]) => {
      await rm(families, { recursive: true })
      await mkdir(families)
      for (const name of kept) await copyFile(new URL(name, shipped), join(families, name))
      said.length = done.length = 0
      code.set('clock', kept.join())
      return { refusal: await reloader.reloadFamilies(['families']), said: said.join(), done: done.join() }
    }
    const mapping = join(mappings, 'motion.yaml')
    await writeFile(mapping, 'family: device\ntime: record\nfields: { deviceId: id, model: model, x: x }\n')
    const used = { refusal: '', said: 'reloaded clock: families', done: 'replaced clock' }
    assert.deepEqual(await save('environment.yaml', 'device.yaml'), used)
    const withoutBoth = await save('database.yaml')
    assert.match(
      withoutBoth.said,
      /^✗ the old families are kept:\n {4}rules\/own\.yaml:2:\d+ {2}HOT\.family: /,
    )
    assert.match(withoutBoth.said, /motion\.yaml:1:1 {2}family: /)
    assert.match(withoutBoth.refusal, /^refused: rules\/own\.yaml:2:\d+ {2}HOT\.family: .* \(and 1 more\)$/)
    assert.equal(withoutBoth.done, '')
    assert.equal(await getCode('clock'), 'environment.yaml,device.yaml')
    await rm(mapping)
    await writeFile(join(rules, 'own.yaml'), RULES.replace('info', 'mild'))
    assert.deepEqual(await save('environment.yaml'), used)
    const text = await readFile(new URL('environment.yaml', shipped), 'utf8')
    const retyped = text
      .replace(/ {2}humidity.*\n/, '')
      .replace('states:', 'states:\n  humidity: [low, high]')
    said.length = 0
    await writeFile(join(families, 'environment.yaml'), retyped)
    code.set('clock', retyped)
    assert.equal(await reloader.reloadFamilies(['families']), '')
    assert.match(
      said.join('\n'),
      /^reloaded clock: families\nhumidity of environment: another type than before\. Records that wait with the former one become dead letters; /,
    )
    assert.match(
      said.join('\n'),
      /\nhumidity of environment \(was %; now high, low\): statistics, and what rules remember, begin anew /,
    )
    await writeFile(join(families, 'environment.yaml'), 'family: [')
    assert.match(await reloader.reloadFamilies(['families']), /^refused: .*environment\.yaml:1:/)
    assert.match(said.join(), /✗ the old families are kept:[\s\S]*environment\.yaml:1:/)
    const head = `# yaml-language-server\n# ${DRAFT_HEAD}2 records of press.\n`
    await writeFile(join(families, 'press.yaml'), `${head}family: press\n`)
    said.length = 0
    await reloader.reloadFamilies([relative(folder, join(families, 'press.yaml'))])
    assert.match(said.join(), /^! \S*press\.yaml: a draft to complete; the old families are kept:/, 'a hint')
  })

  describe('and a list of inputs that is saved', () => {
    const save = async (...topics: string[]) => {
      wanted = topics
      const inputs = topics.map(topic => `  - { topic: ${topic}, mappings: [beds] }\n`)
      await writeFile(
        join(folder, 'inputs.yaml'),
        `inputs:${inputs.length > 0 ? `\n${inputs.join('')}` : ' []\n'}`,
      )
      said.length = done.length = read.length = 0
      return reloader.reloadInputs(['inputs.yaml'])
    }
    const getVersion = (name: string) => functions.get(name)?.environment?.CODE_VERSION ?? ''
    const listInputs = () => readFile(functions.get('intake')?.environment?.INPUTS_FILE ?? '', 'utf8')

    beforeEach(async () => {
      await mkdir(join(folder, 'mappings'))
      const text = 'family: device\ntime: record\nfields: { deviceId: id, model: model, x: x }\n'
      await writeFile(join(folder, 'mappings', 'beds.yaml'), text)
      await save('old')
    })

    it('when a topic takes the place of another, then the other is left before functions know the new list', async () => {
      const before = getVersion('intake')
      assert.equal(await save('new'), '')
      assert.deepEqual(said, ['reloaded intake: inputs.yaml; reads new; no longer reads old'])
      assert.deepEqual([read, done], [[[], [{ topic: 'new' }]], ['replaced intake']])
      assert.match(await listInputs(), /topic: new/)
      assert.match(getVersion('intake'), /^first\+/)
      assert.notEqual(getVersion('intake'), before)
      assert.equal(getVersion('alerting'), 'first')
    })

    // Promise docs/local-and-cloud.md#editing-while-it-runs
    it('when it names a mapping that is not there, then the old one stays, with file and reason', async () => {
      await rm(join(folder, 'mappings', 'beds.yaml'))
      assert.match(await save('new'), /^refused: .*inputs\.yaml:2:30 /)
      assert.match(
        said.join(),
        /^✗ the old inputs and mappings are kept:\n.*inputs\.yaml:2:30 {2}new\.mappings\.0: unknown mapping of /,
      )
      assert.deepEqual([read, done], [[], []])
      assert.match(await listInputs(), /topic: old/)
    })
  })

  it('when many versions were saved, then the last of them and those in use are kept', async () => {
    for (let save = 0; save < 10; save += 1) {
      code.set('alerting', `${save}`)
      await reloader.reloadCode(['functions/alerting/handler.ts'])
    }
    assert.equal(await getCode('clock'), 'first')
    assert.equal(await getCode('alerting'), '9')
    const versions = await readdir(join(folder, 'built'))
    assert.equal(
      versions.filter(version => existsSync(join(folder, 'built', version, 'functions'))).length,
      6,
    )
    assert.equal(await listRules('clock'), RULES)
  })
})
