/** The stack is removed, and nothing of it is left. */
import assert from 'node:assert/strict'
import { STAGE } from '../deployment/project.ts'
import { addedTo, readInventory } from '../emulator/inventory.ts'
import type { Rehearsal } from '../rehearsal.ts'

/** Kinds of which the stack creates some: a list without them is not a real one. */
const MADE = ['bucket', 'event source mapping', 'function', 'log group', 'role', 'rule', 'stack']

/** Resources that the deployment has created, and keeps: people may have written into them. */
const KEPT = [`secret sluice/${STAGE}/redis`, `parameter /sluice/${STAGE}/generator`]

export async function remove(rehearsal: Rehearsal): Promise<string> {
  const { emulator, before, project, view } = rehearsal
  const made = addedTo(before, await readInventory(emulator))
  for (const kind of MADE)
    assert.ok(
      made.some(text => text.startsWith(`${kind} `)),
      `no ${kind} was deployed`,
    )
  // The mappings go with the stack.
  await rehearsal.polling?.stop()
  // A run during the removal would write its log into a group that is gone, and so create it again.
  const rules = made.flatMap(text => (text.startsWith('rule ') ? [text.slice('rule '.length)] : []))
  for (const Name of rules) await emulator.json('events', 'DisableRule', { Name })
  await project.remove()
  const after = await readInventory(emulator)
  assert.deepEqual(addedTo(before, after), KEPT)
  assert.deepEqual(addedTo(after, before), [], 'what lives long must stay')
  assert.ok((await view.events('readings')).length > 0, 'the records of topics must stay')
  return `${made.length - KEPT.length} things are gone; topics, secret and parameter are kept`
}
