//===- Contract.cpp - which tensors are loss, logits and labels -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Arguments and results end with the functions of train; what they are for goes on as an attribute
// of the module, `slp.contract`, which emit reads.
//
//===----------------------------------------------------------------------------------------===//

#include "Contract.h"

#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// Adds what the results of `fn` are for.
static void addResults(func::FuncOp fn, NamedAttrList &contract) {
  bool isEval = fn.getName() == "eval";
  Builder b(fn.getContext());
  for (unsigned i = 0; i < fn.getNumResults(); ++i) {
    auto role = fn.getResultAttrOfType<StringAttr>(i, getRoleAttrName());
    auto name = fn.getResultAttrOfType<StringAttr>(i, getArgNameAttrName());
    if (!role || !name)
      continue;
    if (role == "loss") {
      contract.set(isEval ? "eval_loss" : "loss", name);
      continue;
    }
    if (!isEval)
      continue;
    NamedAttrList logits;
    logits.set("name", name);
    auto type = cast<RankedTensorType>(fn.getResultTypes()[i]);
    logits.set("shape", b.getDenseI64ArrayAttr(type.getShape()));
    if (auto axis = fn.getResultAttrOfType<IntegerAttr>(i, getClassAxisAttrName()))
      logits.set("class_axis", axis);
    contract.set("logits", logits.getDictionary(fn.getContext()));
  }
}

/// Adds what the arguments of `fn` are for; those of @eval are among those of @step.
static void addArguments(func::FuncOp fn, NamedAttrList &contract, NamedAttrList &labels,
                         NamedAttrList &indices) {
  for (unsigned i = 0; i < fn.getNumArguments(); ++i) {
    auto name = fn.getArgAttrOfType<StringAttr>(i, getArgNameAttrName());
    if (!name)
      continue;
    if (auto role = fn.getArgAttrOfType<StringAttr>(i, getRoleAttrName()))
      contract.set(role, name);
    if (auto places = fn.getArgAttrOfType<DenseI64ArrayAttr>(i, getPlacesAttrName()))
      indices.set(name, places);
    auto classes = fn.getArgAttrOfType<IntegerAttr>(i, getClassesAttrName());
    if (!classes)
      continue;
    NamedAttrList input;
    input.set("classes", classes);
    if (auto ignore = fn.getArgAttrOfType<IntegerAttr>(i, getIgnoreAttrName()))
      input.set("ignore", ignore);
    labels.set(name, input.getDictionary(fn.getContext()));
  }
}

DictionaryAttr slp::contractOf(ModuleOp module) {
  NamedAttrList contract, labels, indices;
  for (func::FuncOp fn : module.getOps<func::FuncOp>()) {
    addResults(fn, contract);
    addArguments(fn, contract, labels, indices);
  }
  if (!contract.get("logits")) { // nothing to judge
    contract.erase("labels");
    contract.erase("targets");
  }
  contract.set("label_inputs", labels.getDictionary(module.getContext()));
  if (!indices.empty())
    contract.set("index_inputs", indices.getDictionary(module.getContext()));
  return contract.getDictionary(module.getContext());
}
