import { expect, it } from 'vitest';
import { processorOf } from './machine.js';

const CPUINFO = `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 26
model\t\t: 2
model name\t: AMD EPYC
stepping\t: 1
`;

it('tells processors apart that have the same name', () => {
  expect(processorOf(CPUINFO)).toBe('AMD EPYC (family 26, model 2)');
  expect(processorOf(CPUINFO.replace('26', '25').replace(': 2\n', ': 17\n'))).toBe('AMD EPYC (family 25, model 17)');
});

it('does without what is not told', () => {
  expect(processorOf('model name\t: Anything\n')).toBe('Anything');
  expect(processorOf('processor\t: 0\nBogoMIPS\t: 243.75\n')).toBeUndefined();
});
