import assert from 'node:assert/strict'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PROJECT, runProgram } from '@sluice/test-kit/program'
import { BROKERS, TestKafka } from '../integration/kafka.ts'
import { Project } from '../integration/project.ts'
import { Reader, readSteps, type Step } from '../integration/quick-start.ts'

/** Installed in this repository. */
const INSTALLED = ['kafkajs', 'serverless', 'serverless-offline']
const PLUGIN = 'serverless-offline-msk-trigger'

describe('the five minutes of the README, with what this repository has installed', () => {
  let kafka: TestKafka
  let reader: Reader
  let project: Project
  let steps: Step[]

  before(async () => {
    kafka = await TestKafka.connect()
    steps = await readSteps()
    reader = await Reader.create(BROKERS, `new-orders.${process.pid}`)
    project = Project.in(reader.folder, 'shop')
    for (const name of INSTALLED)
      await symlink(join(PROJECT, 'node_modules', name), await reader.module(name))
    await symlink(join(PROJECT, 'packages', 'msk-trigger'), reader.file('msk-trigger'))
    const fromSource = (text: string) => text.replace(`- ${PLUGIN}`, '- ./msk-trigger/index.ts')
    await reader.write(
      steps.map(step => (step.do === 'write' ? { ...step, text: fromSource(step.text) } : step)),
    )
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given its files, when its commands run, then it prints what it says, and later records follow', async () => {
    const produce = async () => {
      const { code, output } = await runProgram(reader.file('produce.mjs'), [], { cwd: reader.folder })
      assert.equal(code, 0, output)
    }
    await produce()
    await project.start()
    const seen = steps.flatMap(step => (step.do === 'see' ? step.lines : []))
    assert.ok(seen.length > 2, 'the README shows too little')
    for (const line of seen) await project.untilSays(reader.line(line))
    await produce()
    await project.untilSays(reader.line((seen.at(-1) ?? '').replace('@1', '@3')))
  })
})
