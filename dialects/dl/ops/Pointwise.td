//===- Pointwise.td - One element in, one element out ---------------------===//
#ifndef DLC_DL_POINTWISE_TD
#define DLC_DL_POINTWISE_TD

include "dialects/dl/Dl.td"

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Dl_AddOp : Dl_Binary<"add", [Dl_ScaleShift]> {
  let onnx = "Add"; let formula = "x + y"; let cotangents = ["dr", "dr"];
}
def Dl_SubOp : Dl_Binary<"sub", [Dl_ScaleShift]> {
  let onnx = "Sub"; let formula = "x - y"; let cotangents = ["dr", "-dr"];
}
def Dl_MulOp : Dl_Binary<"mul", [Dl_ScaleShift]> {
  let onnx = "Mul"; let formula = "x * y"; let cotangents = ["dr * y", "dr * x"];
}
def Dl_DivOp : Dl_Binary<"div", [Dl_ScaleShift]> {
  let summary = "Integers divide toward zero; division by zero is reported at run time";
  let onnx = "Div"; let formula = "x / y"; let cotangents = ["dr / y", "-dr * r / y"];
}
def Dl_PowOp : Dl_Binary<"pow"> {
  let summary = "The exponent is converted to the type of the base";
  let formula = "pow(x, y)";
}
def Dl_FmodOp : Dl_Binary<"fmod"> { let summary = "Remainder with the sign of x"; let formula = "fmod(x, y)"; }
def Dl_FloormodOp : Dl_Binary<"floormod"> { let summary = "Remainder with the sign of y"; let formula = "floormod(x, y)"; }
def Dl_MinimumOp : Dl_Binary<"minimum"> { let summary = "NaN when either is"; let formula = "minimum(x, y)"; }
def Dl_MaximumOp : Dl_Binary<"maximum"> { let summary = "NaN when either is"; let formula = "maximum(x, y)"; }
def Dl_NegOp : Dl_Unary<"neg"> { let onnx = "Neg"; let formula = "-x"; let cotangents = ["-dr"]; }
def Dl_AbsOp : Dl_Unary<"abs"> { let onnx = "Abs"; let formula = "abs(x)"; let cotangents = ["dr * sign(x)"]; }
def Dl_SignOp : Dl_Unary<"sign"> { let onnx = "Sign"; let formula = "sign(x)"; }
def Dl_ReciprocalOp : Dl_Unary<"reciprocal"> { let onnx = "Reciprocal"; let formula = "1.0 / x"; }

//===----------------------------------------------------------------------===//
// Elementary functions
//===----------------------------------------------------------------------===//

def Dl_ExpOp : Dl_Unary<"exp"> { let onnx = "Exp"; let formula = "exp(x)"; let cotangents = ["dr * r"]; }
def Dl_Expm1Op : Dl_Unary<"expm1"> { let formula = "expm1(x)"; let cotangents = ["dr * (r + 1.0)"]; }
def Dl_LogOp : Dl_Unary<"log"> { let onnx = "Log"; let formula = "log(x)"; let cotangents = ["dr / x"]; }
def Dl_Log1pOp : Dl_Unary<"log1p"> { let formula = "log1p(x)"; let cotangents = ["dr / (x + 1.0)"]; }
def Dl_Log2Op : Dl_Unary<"log2"> { let formula = "log2(x)"; let cotangents = ["dr / (x * 0.69314718055994531)"]; }
def Dl_SqrtOp : Dl_Unary<"sqrt"> { let onnx = "Sqrt"; let formula = "sqrt(x)"; let cotangents = ["dr * 0.5 / r"]; }
def Dl_SinOp : Dl_Unary<"sin"> { let onnx = "Sin"; let formula = "sin(x)"; let cotangents = ["dr * cos(x)"]; }
def Dl_CosOp : Dl_Unary<"cos"> { let onnx = "Cos"; let formula = "cos(x)"; let cotangents = ["-dr * sin(x)"]; }
def Dl_TanOp : Dl_Unary<"tan"> { let onnx = "Tan"; let formula = "tan(x)"; let cotangents = ["dr * (1.0 + r * r)"]; }
def Dl_AsinOp : Dl_Unary<"asin"> { let onnx = "Asin"; let formula = "asin(x)"; let cotangents = ["dr / sqrt(1.0 - x * x)"]; }
def Dl_AcosOp : Dl_Unary<"acos"> { let onnx = "Acos"; let formula = "acos(x)"; let cotangents = ["-dr / sqrt(1.0 - x * x)"]; }
def Dl_AtanOp : Dl_Unary<"atan"> { let onnx = "Atan"; let formula = "atan(x)"; let cotangents = ["dr / (1.0 + x * x)"]; }
def Dl_SinhOp : Dl_Unary<"sinh"> { let onnx = "Sinh"; let formula = "sinh(x)"; let cotangents = ["dr * cosh(x)"]; }
def Dl_CoshOp : Dl_Unary<"cosh"> { let onnx = "Cosh"; let formula = "cosh(x)"; let cotangents = ["dr * sinh(x)"]; }
def Dl_TanhOp : Dl_Unary<"tanh"> { let onnx = "Tanh"; let formula = "tanh(x)"; let cotangents = ["dr * (1.0 - r * r)"]; }
def Dl_AsinhOp : Dl_Unary<"asinh"> { let onnx = "Asinh"; let formula = "asinh(x)"; let cotangents = ["dr / sqrt(x * x + 1.0)"]; }
def Dl_AcoshOp : Dl_Unary<"acosh"> { let onnx = "Acosh"; let formula = "acosh(x)"; let cotangents = ["dr / sqrt(x * x - 1.0)"]; }
def Dl_AtanhOp : Dl_Unary<"atanh"> { let onnx = "Atanh"; let formula = "atanh(x)"; let cotangents = ["dr / (1.0 - x * x)"]; }
def Dl_ErfOp : Dl_Unary<"erf"> {
  let onnx = "Erf"; let formula = "erf(x)"; let cotangents = ["dr * 1.1283791670955126 * exp(-x * x)"];
}
def Dl_FloorOp : Dl_Unary<"floor"> { let onnx = "Floor"; let formula = "floor(x)"; }
def Dl_CeilOp : Dl_Unary<"ceil"> { let onnx = "Ceil"; let formula = "ceil(x)"; }
def Dl_RoundevenOp : Dl_Unary<"roundeven"> {
  let summary = "Halves go to the even neighbour"; let onnx = "Round"; let formula = "roundeven(x)";
}
def Dl_TruncOp : Dl_Unary<"trunc"> { let formula = "trunc(x)"; }

//===----------------------------------------------------------------------===//
// Comparison, logic, bits, choice, conversion
//===----------------------------------------------------------------------===//

def Dl_EqualOp : Dl_Compare<"equal"> { let onnx = "Equal"; let formula = "x == y"; }
def Dl_NotEqualOp : Dl_Compare<"not_equal"> { let formula = "x != y"; }
def Dl_LessOp : Dl_Compare<"less"> { let onnx = "Less"; let formula = "x < y"; }
def Dl_LessEqualOp : Dl_Compare<"less_equal"> { let onnx = "LessOrEqual"; let formula = "x <= y"; let since = 12; }
def Dl_GreaterOp : Dl_Compare<"greater"> { let onnx = "Greater"; let formula = "x > y"; }
def Dl_GreaterEqualOp : Dl_Compare<"greater_equal"> { let onnx = "GreaterOrEqual"; let formula = "x >= y"; let since = 12; }
def Dl_AndOp : Dl_Binary<"and"> { let onnx = "And"; let formula = "x & y"; }
def Dl_OrOp : Dl_Binary<"or"> { let onnx = "Or"; let formula = "x | y"; }
def Dl_XorOp : Dl_Binary<"xor"> { let onnx = "Xor"; let formula = "x ^ y"; }
def Dl_LogicalNotOp : Dl_Unary<"logical_not"> { let onnx = "Not"; let formula = "logicalNot(x)"; }
def Dl_BitwiseNotOp : Dl_Unary<"bitwise_not"> { let onnx = "BitwiseNot"; let formula = "~x"; let since = 18; }
def Dl_ShiftLeftOp : Dl_Binary<"shift_left"> { let formula = "shiftLeft(x, y)"; }
def Dl_ShiftRightOp : Dl_Binary<"shift_right"> { let formula = "shiftRight(x, y)"; }
def Dl_IsNanOp : Dl_Unary<"isnan"> {
  let onnx = "IsNaN"; let formula = "isnan(x)"; let elementType = "::mlir::IntegerType::get(getContext(), 1)";
}
def Dl_IsInfOp : Dl_Unary<"isinf"> {
  let formula = "isinf(x)"; let elementType = "::mlir::IntegerType::get(getContext(), 1)";
}
def Dl_SelectOp : Dl_Ternary<"select"> {
  let summary = "y where x holds, else z";
  let onnx = "Where"; let formula = "select(x, y, z)"; let elementType = "types[1]";
}
def Dl_CastOp : Dl_Unary<"cast"> {
  let summary = "Floats go to integers toward zero";
  let arguments = (ins Dl_Tensor:$x, TypeAttr:$to);
  let formula = "cast(x, getTo())"; let elementType = "getTo()";
}
def Dl_BitcastOp : Dl_Unary<"bitcast"> {
  let summary = "The same bits as elements of another type of the same width";
  let arguments = (ins Dl_Tensor:$x, TypeAttr:$to);
  let params = "::mlir::Type from = ::llvm::cast<::mlir::ShapedType>(getX().getType()).getElementType();";
  let formula = "bitcast(x, from, getTo())"; let elementType = "getTo()";
}

#endif // DLC_DL_POINTWISE_TD
