import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PROJECT } from '../../../programs/paths.ts'

const EXAMPLES = ['examples/device-producer', 'examples/device-producer-proto']
const textOf = (...path: readonly string[]) => readFileSync(join(PROJECT, ...path), 'utf8')
const { workspaces, devDependencies } = JSON.parse(textOf('package.json'))

/** The arguments of each instruction of this name, in order. */
function instructions(dockerfile: string, name: string): string[] {
  return [...dockerfile.replaceAll('\\\n', ' ').matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(
    ([, text = '']) => text,
  )
}

describe('the images', () => {
  for (const folder of ['.', ...EXAMPLES]) {
    const dockerfile = textOf(folder, 'Dockerfile')

    it(`given ${folder}, then Node is that of the project, without root and shell`, () => {
      for (const from of instructions(dockerfile, 'FROM'))
        assert.match(from, new RegExp(`^node:${devDependencies.node}-\\w+-slim( AS build)?$`))
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

  it('then the image of Sluice installs every workspace', () => {
    const copied = instructions(textOf('Dockerfile'), 'COPY').join('\n')
    const packages = ['packages/kafka-records', 'packages/schema-registry', ...workspaces.slice(1)]
    for (const folder of packages)
      assert.match(copied, new RegExp(`^${folder}/package.json ${folder}/$`, 'm'))
  })
})

describe('the examples of producers of one’s own', () => {
  it('then the schema of one is that of the event type', () => {
    assert.equal(
      textOf('examples/device-producer-proto/device.motion.v1.proto'),
      textOf('schemas/protobuf/device.motion.v1.proto'),
    )
  })

  for (const folder of EXAMPLES)
    it(`then ${folder} has the libraries of the project, and nothing of its code`, () => {
      const { dependencies } = JSON.parse(textOf(folder, 'package.json'))
      const own = JSON.parse(textOf('package.json')).dependencies
      for (const [name, version] of Object.entries(dependencies)) assert.equal(version, own[name], name)
      assert.doesNotMatch(textOf(folder, 'main.mjs'), /from '\.\.\//)
    })
})
