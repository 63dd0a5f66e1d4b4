import { it } from 'node:test'
import { templates } from '../runner/checks/templates.ts'

// Apart from the other checks: it packages two stages, and runs linters that it installs.
it(templates.name, context => templates.run(context.signal).then(found => context.diagnostic(found)))
