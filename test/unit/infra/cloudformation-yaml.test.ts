import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCloudFormation } from '../../../infra/cloudformation-yaml.ts'

const loaded = (text: string) => loadCloudFormation(text, 'a.yaml')

describe("CloudFormation's YAML", () => {
  it('given short forms, then they become long ones, within one another as well', () => {
    assert.deepEqual(loaded('a: !If [B, !Ref C, !Sub text]'), {
      a: { 'Fn::If': ['B', { Ref: 'C' }, { 'Fn::Sub': 'text' }] },
    })
    assert.deepEqual(loaded('a: !And [!Condition B, !Not [!Equals [x, y]]]'), {
      a: { 'Fn::And': [{ Condition: 'B' }, { 'Fn::Not': [{ 'Fn::Equals': ['x', 'y'] }] }] },
    })
  })

  it('given an attribute, then its resource is before the first point', () => {
    assert.deepEqual(loaded('a: !GetAtt B.Endpoint.Port'), { a: { 'Fn::GetAtt': ['B', 'Endpoint.Port'] } })
  })

  it('given an anchor, then a mapping can take over what it marks, and change it', () => {
    const text = 'a: &a { x: 1, y: !Ref B }\nb:\n  <<: *a\n  x: 2\n'
    assert.deepEqual(loaded(text), { a: { x: 1, y: { Ref: 'B' } }, b: { x: 2, y: { Ref: 'B' } } })
  })

  it('given a version of a policy, then it stays a text; given an unknown function, then it is refused', () => {
    assert.deepEqual(loaded("Version: '2012-10-17'"), { Version: '2012-10-17' })
    assert.throws(() => loaded('a: !Reff B'), /Reff/)
  })
})
