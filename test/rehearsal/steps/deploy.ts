/** The stack is deployed, and its mappings are polled. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { readsInputRedrives } from '../../../control/environment/functions.ts'
import { SIGNALS, topicRow } from '../../../lib/app/naming/topic-table.ts'
import { deployedFunctions, listResources, type Template } from '../deployment/deployed-template.ts'
import { startPolling } from '../deployment/polling.ts'
import { PREFIX, STACK } from '../deployment/project.ts'
import { type Emulator, elements, REGION } from '../emulator/requests.ts'
import type { Rehearsal } from '../rehearsal.ts'

/** Packages and deploys. @returns what is there then */
export async function deploy(rehearsal: Rehearsal): Promise<string> {
  const { project, emulator } = rehearsal
  await project.deploy(await project.package('package-1'))
  const template = await readTemplate(emulator)
  const functions = deployedFunctions(template, PREFIX)
  // There are no database and no inputs here, so functions that need one of them are not deployed.
  const names = readFunctions(join(project.folder, 'serverless.yml'))
    .filter(entry => !entry.uses.includes('storage') && !entry.inputs && !readsInputRedrives(entry))
    .map(({ name }) => name)
  assert.deepEqual(Object.keys(functions).sort(), names.sort())
  const { Functions } = await emulator.rest('lambda', '/2015-03-31/functions/')
  const running = (Functions as readonly { readonly FunctionName: string }[]).map(
    ({ FunctionName }) => FunctionName,
  )
  assert.deepEqual(running.sort(), names.map(name => `${PREFIX}${name}`).sort())
  rehearsal.deployed = { template, functions }
  await assertTopics(rehearsal)
  return `${names.length} functions, ${Object.keys(template.Resources).length} resources`
}

/** Checks that the deployment has created the topics. */
async function assertTopics({ view }: Rehearsal): Promise<void> {
  for (const signal of SIGNALS)
    assert.equal((await view.ends(signal)).length, topicRow(signal).partitions, view.topic(signal))
}

/** Joins the group of every mapping that was deployed. */
export async function poll(rehearsal: Rehearsal): Promise<string> {
  const { deployed, invoker, brokers } = rehearsal
  const log = { notice: () => {}, warning: () => {}, error: () => {} }
  rehearsal.polling = await startPolling(deployed.functions, invoker, { brokers, region: REGION, log })
  const ofTopics = listResources(deployed.template, 'AWS::Lambda::EventSourceMapping').filter(
    ([, { Topics }]) => Topics !== undefined,
  )
  assert.ok(ofTopics.length > 0)
  assert.equal(rehearsal.mappings.length, ofTopics.length)
  return `${ofTopics.length} event source mappings`
}

/** The template as the emulator has it. */
async function readTemplate(emulator: Emulator): Promise<Template> {
  const xml = await emulator.query('cloudformation', 'GetTemplate', { StackName: STACK })
  const [body = ''] = elements(xml, 'TemplateBody')
  return JSON.parse(body)
}
