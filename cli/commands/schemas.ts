import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { addSchemasCheck } from './schemas/check.ts'
import { addSchemasList } from './schemas/list.ts'
import { addSchemasRegister } from './schemas/register.ts'

const ABOUT = `The schemas of events in a schema registry: which it has, what a new version would break, and registering them.

The schemas ship with the code (schemas/). Functions never register them: with a registry and SERIALIZATION, they start only if theirs are
registered.`

export function addSchemas(program: Command, terminal: Terminal): void {
  const schemas = program
    .command('schemas')
    .summary('check and register the schemas of events')
    .description(ABOUT)
  addSchemasList(schemas, terminal)
  addSchemasCheck(schemas, terminal)
  addSchemasRegister(schemas, terminal)
}
