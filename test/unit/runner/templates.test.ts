import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withCanary, withoutCanary } from '../../runner/checks/templates/canary.ts'
import { judge, readExcuses } from '../../runner/checks/templates/excuses.ts'
import { cfnLintFindings, checkovFindings, type Finding } from '../../runner/checks/templates/findings.ts'

const finding = (rule: string, resource: string, template = 'infra-prod'): Finding => ({
  rule,
  resource,
  template,
  says: 'it is wrong',
})
const REASON = 'a reason that says why it may stay'

describe('what linters find', () => {
  it("given cfn-lint's report, then findings name resource, or section and name", () => {
    const match = (Path: unknown, Filename = '/tmp/x/infra-dev.json') => ({
      Filename,
      Location: { Path },
      Message: 'wrong',
      Rule: { Id: 'E1' },
    })
    const report = [
      match(['Resources', 'Key', 'Properties', 0]),
      match(['Outputs', 'Url', 'Value']),
      match(null),
    ]
    assert.deepEqual(
      cfnLintFindings(JSON.stringify(report)).map(({ template, resource }) => `${template} ${resource}`),
      ['infra-dev Key', 'infra-dev Outputs.Url', 'infra-dev the template'],
    )
  })

  it("given checkov's report, then findings name the resource without its type", () => {
    const check = {
      check_id: 'CKV_1',
      check_name: 'wrong',
      file_path: '/infra-dev.json',
      resource: 'AWS::KMS::Key.Key',
    }
    const results = { passed_checks: [check], failed_checks: [check], parsing_errors: [] }
    assert.deepEqual(checkovFindings(JSON.stringify({ results })), [
      { rule: 'CKV_1', template: 'infra-dev', resource: 'Key', says: 'wrong' },
    ])
  })

  it('given a report of checkov on nothing, or on what it could not read, then that is an error', () => {
    assert.throws(() => checkovFindings('{"passed":0,"failed":0}'), /not read any template/)
    const results = { passed_checks: [], failed_checks: [], parsing_errors: ['/infra-dev.json'] }
    assert.throws(() => checkovFindings(JSON.stringify({ results })), /could not read \/infra-dev\.json/)
  })
})

describe('excuses', () => {
  const excuses = [
    { rule: 'A', resources: ['Key', '*LambdaFunction'], reason: REASON },
    { rule: 'B', resources: ['Other'], reason: REASON },
  ]

  it('given a finding that an excuse names, then it may stay; given another rule or resource, then not', () => {
    const found = [
      finding('A', 'Key'),
      finding('A', 'ClockLambdaFunction'),
      finding('A', 'Keys'),
      finding('B', 'Key'),
    ]
    const { broken, excused } = judge(found, excuses)
    assert.deepEqual(broken, [found[2], found[3]])
    assert.equal(excused, 2)
  })

  it('given a name that excuses no finding, then it is reported', () => {
    assert.deepEqual(judge([finding('A', 'Key')], excuses).unused, ['A *LambdaFunction', 'B Other'])
    assert.deepEqual(judge([], []).unused, [])
  })

  it('given a name with a point, then it stands for itself', () => {
    const dotted = [{ rule: 'A', resources: ['Outputs.Url'], reason: REASON }]
    assert.equal(judge([finding('A', 'OutputsxUrl')], dotted).broken.length, 1)
  })

  const wrong: [what: string, content: unknown][] = [
    ['no list', {}],
    ['no reason', { excused: [{ rule: 'A', resources: ['Key'] }] }],
    ['a reason that says nothing', { excused: [{ rule: 'A', resources: ['Key'], reason: 'ok' }] }],
    ['no resource', { excused: [{ rule: 'A', resources: [], reason: REASON }] }],
  ]
  for (const [what, content] of wrong)
    it(`given ${what}, then it is not a valid excuse`, () => {
      assert.throws(() => readExcuses(content), /^Error: excused\.yaml:/)
    })
})

describe('the resource that linters must find', () => {
  it('given a linter that did not name it in a template, then it has not looked at that one', () => {
    const { Resources } = withCanary({ Resources: { Key: {} } })
    const [, canary = ''] = Object.keys(Resources)
    const found = [finding('A', canary, 'one'), finding('B', 'Key', 'one')]
    assert.deepEqual(withoutCanary('cfn-lint', found, ['one']), [found[1]])
    assert.throws(() => withoutCanary('cfn-lint', found, ['one', 'two']), /cfn-lint has not read two/)
    assert.throws(() => withoutCanary('cfn-lint', [], []), /cfn-lint has not read any template/)
  })
})
