import { expect, it } from '@jest/globals'
import { parseImageRule } from '../../../src/inputs/image.ts'
import { imageFaults } from '../../../src/plan/faults.ts'
import { workload } from '../../support/memory/shop.ts'

it.each([
  ['shop/wbe:2', 'shop/web:2'],
  ['wbe=shop/web:2', 'web=shop/web:2'],
  ['shop/wbe=shop/next:2', 'web=shop/next:2']
])('what matches no container is told with a line that does: %s', (line, example) => {
  const parsed = parseImageRule(line)
  if ('problem' in parsed) throw new Error(parsed.problem)
  expect(imageFaults([parsed.value], workload())).toMatchObject([{ input: 'images', example }])
})
