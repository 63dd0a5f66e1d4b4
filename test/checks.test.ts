import './support/shipped-config.ts'
import { describe, it } from 'node:test'
import type { Check } from './runner/check.ts'
import { commentNames } from './runner/checks/comment-names.ts'
import { configuration } from './runner/checks/configuration.ts'
import { dockerfiles } from './runner/checks/dockerfiles.ts'
import { docstrings } from './runner/checks/docstrings.ts'
import { expressions } from './runner/checks/expressions.ts'
import { format } from './runner/checks/format.ts'
import { imports } from './runner/checks/imports.ts'
import { promises } from './runner/checks/promises.ts'
import { pureImports } from './runner/checks/pure-imports.ts'
import { schemas } from './runner/checks/schemas.ts'
import { types } from './runner/checks/types.ts'
import { unused } from './runner/checks/unused.ts'
import { views } from './runner/checks/views.ts'
import { weight } from './runner/checks/weight.ts'

const CHECKS: readonly Check[] = [
  format,
  types,
  imports,
  unused,
  schemas,
  configuration,
  commentNames,
  docstrings,
  pureImports,
  promises,
  dockerfiles,
  views,
  expressions,
  weight,
]

describe('the whole project', () => {
  for (const { name, run } of CHECKS) it(name, async context => context.diagnostic(await run(context.signal)))
})
