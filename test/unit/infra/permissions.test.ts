import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  PAGE,
  PATTERNS,
  permissionRows,
  permissionsPage,
  resourceText,
  rowsOf,
  statementsIn,
  UNNAMED,
} from '../../../infra/permissions-page.ts'
import { STAGES } from '../../../infra/stages.ts'
import { readFunctions } from '../../../lib/app/functions.ts'

const WRITTEN = readFileSync(PAGE, 'utf8')
const ALL = Object.keys(STAGES).map(stage => [stage, statementsIn(stage)] as const)

describe('docs/permissions.md', () => {
  it('says what the roles allow, and nothing else (npm run permissions writes it)', () => {
    assert.equal(WRITTEN, permissionsPage())
  })

  const rows = permissionRows()
  for (const { name } of readFunctions())
    it(`says exactly what ${name} may do in every stage`, () => {
      const own = rows.filter(({ functions }) => functions.includes(name))
      assert.deepEqual(
        own.map(({ text }) => text.replaceAll('<function>', name)).toSorted(),
        rowsOf(name).toSorted(),
      )
      assert.ok(own.length > 5, 'it has rows')
      for (const { text } of own) assert.ok(WRITTEN.includes(`- ${text}\n`), text)
    })
})

describe('given the roles of a stage', () => {
  const used = { patterns: new Set<RegExp>(), unnamed: new Set<string>() }

  for (const [stage, functions] of ALL)
    it(`then in ${stage} every resource is named, but for those that AWS does not name, each for its reason`, () => {
      assert.ok(functions.size > 10)
      for (const [name, statements] of functions)
        for (const { Effect, Action, Resource } of statements) {
          for (const action of Action) assert.match(action, /^[a-z0-9-]+:[A-Za-z0-9]+$/, name)
          if (Effect === 'Deny') continue
          for (const resource of Resource.map(resourceText).filter(one => /[*?]/.test(one))) {
            const unnamed = resource === '*' ? Action.filter(action => !UNNAMED.has(action)) : []
            assert.deepEqual(unnamed, [], `${name} is allowed these for everything`)
            if (resource === '*') for (const action of Action) used.unnamed.add(action)
            const pattern = PATTERNS.find(({ form }) => form.test(resource))
            assert.ok(resource === '*' || pattern, `${name}: no reason is given for ${resource}`)
            if (pattern) used.patterns.add(pattern.form)
          }
        }
    })

  it('then no reason is given for what is not there', () => {
    assert.deepEqual(
      PATTERNS.filter(({ form }) => !used.patterns.has(form)),
      [],
    )
    assert.deepEqual(
      [...UNNAMED.keys()].filter(action => !used.unnamed.has(action)),
      [],
    )
  })

  it('then none reaches into another stage', () => {
    for (const [stage, functions] of ALL) {
      const others = Object.keys(STAGES).filter(other => other !== stage)
      const text = JSON.stringify([...functions.values()])
      assert.ok(others.length > 0 && text.includes(`sluice/${stage}/redis`))
      for (const other of others) assert.doesNotMatch(text, new RegExp(`\\b${other}\\b`))
    }
  })

  it('then the code of a function can use nothing that only attaches it to the network', () => {
    for (const [stage, functions] of ALL)
      for (const [name, statements] of functions) {
        const actions = (effect: string) =>
          statements
            .filter(({ Effect }) => Effect === effect)
            .flatMap(({ Action }) => Action)
            .filter(action => action.startsWith('ec2:'))
        assert.deepEqual(new Set(actions('Deny')), new Set(actions('Allow')))
        const [denied, ...more] = statements.filter(({ Effect }) => Effect === 'Deny')
        assert.deepEqual(more, [])
        assert.match(JSON.stringify(denied?.Condition), new RegExp(`:function:sluice-${stage}-${name}"`))
      }
  })

  it('then an interface may be made in subnets and groups that another account shares, by their ids alone', () => {
    for (const [, functions] of ALL)
      for (const [name, statements] of functions) {
        const shared = statements.filter(({ Resource }) => JSON.stringify(Resource).includes(':*:'))
        assert.deepEqual(
          shared.map(({ Action, Resource }) => [Action, Resource.map(resourceText)]),
          [
            [
              ['ec2:CreateNetworkInterface'],
              [
                'arn:<partition>:ec2:<region>:*:subnet/<subnet>',
                'arn:<partition>:ec2:<region>:*:security-group/<security-group>',
              ],
            ],
          ],
          name,
        )
      }
  })

  it('then none can make a log group, which would be kept forever: the template makes it', () => {
    const text = JSON.stringify(ALL.map(([, functions]) => [...functions.values()]))
    assert.match(text, /logs:CreateLogStream/)
    assert.doesNotMatch(text, /CreateLogGroup/)
  })
})
