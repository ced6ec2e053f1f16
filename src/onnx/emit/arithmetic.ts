import { unary } from './activations.js';
import { type Emit, Operand, operandsOf } from './operation.js';

const binary =
  (opType: string): Emit =>
  (graph, operation) =>
    graph.node(
      opType,
      operandsOf(operation).map(({ name }) => name),
    );

const pow: Emit = (graph, { args: [x, exponent], dtype }) =>
  graph.node('Pow', [
    (x as Operand).name,
    exponent instanceof Operand ? exponent.name : graph.scalar(exponent as number, dtype),
  ]);

export const ARITHMETIC: Readonly<Record<string, Emit>> = {
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Mul'),
  div: binary('Div'),
  maximum: binary('Max'),
  minimum: binary('Min'),
  matmul: binary('MatMul'),
  pow,
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  neg: unary('Neg'),
  abs: unary('Abs'),
};
