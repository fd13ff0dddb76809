import { describe, expect, it } from '@jest/globals'
import { inOtherSlot } from '../../../src/kubernetes/slot-values.ts'

describe('what a slot says of itself', () => {
  const blue = {
    metadata: { annotations: { colour: 'blue', team: 'blue' } },
    spec: {
      containers: [
        { name: 'app', args: ['--colour=blue', '--mode=blue'], env: [{ name: 'VERSION', value: 'blue' }] },
        { name: 'proxy', env: [{ name: 'LOG', value: '/var/blue.log' }] }
      ],
      volumes: [{ name: 'config', configMap: { name: 'web-blue' } }]
    }
  }
  const green = {
    metadata: { annotations: { colour: 'green', team: 'red' } },
    spec: {
      containers: [
        { name: 'proxy', env: [{ name: 'LOG', value: '/var/green.log' }] },
        {
          name: 'app',
          args: ['--colour=green'],
          env: [
            { name: 'NEW', value: 'x' },
            { name: 'VERSION', value: 'green' }
          ]
        }
      ]
    }
  }

  it('follows where the other one says the same of itself, and nowhere else', () => {
    expect(inOtherSlot(blue, green, 'blue', 'green')).toEqual({
      metadata: { annotations: { colour: 'green', team: 'blue' } },
      spec: {
        containers: [
          {
            name: 'app',
            args: ['--colour=green', '--mode=blue'],
            env: [{ name: 'VERSION', value: 'green' }]
          },
          { name: 'proxy', env: [{ name: 'LOG', value: '/var/green.log' }] }
        ],
        volumes: [{ name: 'config', configMap: { name: 'web-blue' } }]
      }
    })
  })

  it('stays where there is no other one', () => {
    expect(inOtherSlot(blue, undefined, 'blue', 'green')).toEqual(blue)
  })
})
