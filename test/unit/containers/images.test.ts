import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { MODELS } from '../../../lib/telemetry/simulator/models.ts'
import { PROJECT } from '../../../scripts/paths.ts'

const EXAMPLES = ['examples/device-producer', 'examples/device-producer-proto']
const readText = (...path: readonly string[]) => readFileSync(join(PROJECT, ...path), 'utf8')
const { workspaces, dependencies } = JSON.parse(readText('package.json'))

/** The arguments of each instruction of this name, in order. */
function instructions(dockerfile: string, name: string): string[] {
  return [...dockerfile.replaceAll('\\\n', ' ').matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(
    ([, text = '']) => text,
  )
}

/** No digest of it is known for certain. It runs for the profile "devices" alone. */
const BY_TAG = 'apicurio/apicurio-registry-mem'

describe('what is fetched to build, test and run', () => {
  const listPinned = (file: string, names: RegExp) =>
    [...readText(file).matchAll(names)].map(([, name = '']) => name)
  const dockerfiles = globSync('{,examples/**/}Dockerfile', { cwd: PROJECT, exclude: ['**/node_modules/**'] })

  it('given an image that is not built here, then it is named by its digest, beside its version', () => {
    const images = [
      ...listPinned('compose.yaml', /^ *image: (\S+)$/gm),
      ...dockerfiles.flatMap(file => listPinned(file, /^FROM (\S+)/gm)),
    ].filter(image => image !== 'sluice:local' && !image.startsWith(`${BY_TAG}:`))
    assert.ok(images.length >= 8)
    for (const image of images) assert.match(image, /^[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  })

  it('given an action of a workflow, then it is named by its commit, beside its version', () => {
    const files = readdirSync(join(PROJECT, '.github', 'workflows'))
    const actions = files.flatMap(file =>
      listPinned(join('.github', 'workflows', file), /\buses: ([^.].+)$/gm),
    )
    assert.ok(actions.length >= 5)
    for (const action of actions) assert.match(action, /^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('given a folder with a manifest, then Dependabot looks there', () => {
    const { updates } = load(readText('.github/dependabot.yml')) as { readonly updates: readonly Update[] }
    const watched = updates.flatMap(update =>
      (update.directories ?? [update.directory]).map(folder => `${update['package-ecosystem']} ${folder}`),
    )
    const getFolder = (file: string) => `/${dirname(file)}`.replace(/\/\.$/, '/')
    for (const file of dockerfiles) assert.ok(watched.includes(`docker ${getFolder(file)}`), file)
    for (const kind of ['docker-compose /', 'npm /', 'npm /test/tools', 'github-actions /'])
      assert.ok(watched.includes(kind), kind)
  })
})

interface Update {
  readonly 'package-ecosystem': string
  readonly directory?: string
  readonly directories?: readonly string[]
}

describe('the images', () => {
  for (const folder of ['.', ...EXAMPLES]) {
    const dockerfile = readText(folder, 'Dockerfile')

    // Promise docs/containers.md#the-image
    it(`given ${folder}, then Node is that of the project, without root and shell`, () => {
      for (const from of instructions(dockerfile, 'FROM'))
        assert.match(from, new RegExp(`^node:${dependencies.node}-\\w+-slim@\\S+( AS build)?$`))
      assert.equal(instructions(dockerfile, 'USER').at(-1), '1000')
      for (const command of [...instructions(dockerfile, 'ENTRYPOINT'), ...instructions(dockerfile, 'CMD')])
        assert.ok(Array.isArray(JSON.parse(command)), command)
    })

    it(`given ${folder}, then what it copies is there`, () => {
      const copied = instructions(dockerfile, 'COPY')
        .filter(text => !text.startsWith('--from'))
        .flatMap(text => text.split(' ').slice(0, -1))
      assert.ok(copied.length > 0)
      for (const file of copied) assert.ok(existsSync(join(PROJECT, folder, file)), file)
    })
  }

  it('then only what is named goes in, without files that may hold secrets, and the Node for the start is removed', () => {
    const rules = readText('.dockerignore')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
    assert.equal(rules[0], '*')
    for (const rule of rules.filter(line => line.startsWith('!')))
      assert.ok(existsSync(join(PROJECT, rule.slice(1))), rule)
    for (const rule of ['**/.*', '**/*.pem', '**/*.key', '**/node_modules', '**/test'])
      assert.ok(rules.indexOf(rule) > rules.findLastIndex(line => line.startsWith('!')), rule)
    const [install = ''] = instructions(readText('Dockerfile'), 'RUN')
    assert.match(install, /^npm ci .* node$/)
  })

  it('then the image of Sluice installs every workspace', () => {
    const copied = instructions(readText('Dockerfile'), 'COPY').join('\n')
    const packages = ['packages/kafka-records', 'packages/schema-registry', ...workspaces.slice(1)]
    for (const folder of packages)
      assert.match(copied, new RegExp(`^${folder}/package.json ${folder}/$`, 'm'))
  })
})

describe('the examples of producers of one’s own', () => {
  it('then the schema of one is that of the event type', () => {
    assert.equal(
      readText('examples/device-producer-proto/device.motion.v1.proto'),
      readText('events/schemas/protobuf/device.motion.v1.proto'),
    )
  })

  it('then both have the same devices, which are of the three models and send activities', async () => {
    const [devices, copy] = EXAMPLES.map(folder => readText(folder, 'devices.mjs'))
    assert.equal(copy, devices)
    const { readings } = await import(join(PROJECT, String(EXAMPLES[0]), 'devices.mjs'))
    const sent: { data: { model: string; activity: string } }[] = Array.from({ length: 6 }, (_, minute) =>
      readings(6, minute * 60_000),
    ).flat()
    for (const [model, { motion }] of MODELS) {
      const activities = new Set(sent.flatMap(({ data }) => (data.model === model ? [data.activity] : [])))
      assert.deepEqual([...activities].sort(), Object.keys(motion).sort(), model)
    }
  })

  for (const folder of EXAMPLES)
    it(`then ${folder} has the libraries of the project, and nothing of its code`, () => {
      const { dependencies } = JSON.parse(readText(folder, 'package.json'))
      const own = JSON.parse(readText('package.json')).dependencies
      for (const [name, version] of Object.entries(dependencies)) assert.equal(version, own[name], name)
      assert.doesNotMatch(readText(folder, 'main.mjs'), /from '\.\.\//)
    })
})
