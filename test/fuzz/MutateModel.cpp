//===- MutateModel.cpp - another model, one step away -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Works on any message by reflection, so that newer fields need no code here.
//
//===----------------------------------------------------------------------------------------===//

#include "MutateModel.h"

#include "google/protobuf/message.h"
#include "google/protobuf/stubs/logging.h"
#include "onnx/onnx_pb.h"

#include <limits>
#include <random>
#include <vector>

using namespace slp;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {
/// A field of a message somewhere in the model.
struct Place {
  Message *message;
  const FieldDescriptor *field;
};

class Mutation {
public:
  Mutation(Message &model, uint32_t seed) : random(seed) { collect(model); }
  void change();

private:
  void collect(Message &message);
  void changeList(const Place &place);
  void changeScalar(const Place &place);
  int64_t number();
  uint32_t below(size_t n) { return uint32_t(random() % n); }

  std::mt19937 random;
  std::vector<Place> places;
  std::vector<std::string> names;
};
} // namespace

void Mutation::collect(Message &message) {
  const Reflection *reflection = message.GetReflection();
  std::vector<const FieldDescriptor *> present;
  reflection->ListFields(message, &present);
  for (const FieldDescriptor *field : present) {
    places.push_back({&message, field});
    bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    bool isString = field->type() == FieldDescriptor::TYPE_STRING;
    int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (isMessage)
        collect(*(field->is_repeated() ? reflection->MutableRepeatedMessage(&message, field, i)
                                       : reflection->MutableMessage(&message, field)));
      else if (isString)
        names.push_back(field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                             : reflection->GetString(message, field));
    }
  }
}

int64_t Mutation::number() {
  static constexpr int64_t interesting[] = {0,
                                            1,
                                            -1,
                                            2,
                                            3,
                                            5,
                                            7,
                                            8,
                                            9,
                                            11,
                                            13,
                                            -2,
                                            16,
                                            255,
                                            256,
                                            1024,
                                            65536,
                                            int64_t(1) << 31,
                                            (int64_t(1) << 31) - 1,
                                            int64_t(1) << 32,
                                            int64_t(1) << 40,
                                            int64_t(1) << 62,
                                            std::numeric_limits<int64_t>::max(),
                                            std::numeric_limits<int64_t>::min(),
                                            std::numeric_limits<int64_t>::min() + 1};
  return interesting[below(std::size(interesting))];
}

void Mutation::changeList(const Place &place) {
  const Reflection *reflection = place.message->GetReflection();
  int count = reflection->FieldSize(*place.message, place.field);
  switch (below(place.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ? 3 : 4)) {
  case 0:
    reflection->RemoveLast(place.message, place.field);
    return;
  case 1:
    reflection->SwapElements(place.message, place.field, int(below(count)), int(below(count)));
    return;
  case 2:
    if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      std::string copy =
          reflection->GetRepeatedMessage(*place.message, place.field, int(below(count)))
              .SerializePartialAsString();
      reflection->AddMessage(place.message, place.field)->ParsePartialFromString(copy);
      return;
    }
    [[fallthrough]];
  default:
    changeScalar(place);
  }
}

void Mutation::changeScalar(const Place &place) {
  const Reflection *r = place.message->GetReflection();
  Message *m = place.message;
  const FieldDescriptor *f = place.field;
  // In a list an element is replaced, or one is added.
  int at = f->is_repeated() ? int(below(r->FieldSize(*m, f) + 1)) : 0;
  bool adds = f->is_repeated() && at == r->FieldSize(*m, f);
  switch (f->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    if (!f->is_repeated())
      return r->SetInt32(m, f, int32_t(number()));
    return adds ? r->AddInt32(m, f, int32_t(number()))
                : r->SetRepeatedInt32(m, f, at, int32_t(number()));
  case FieldDescriptor::CPPTYPE_INT64:
    if (!f->is_repeated())
      return r->SetInt64(m, f, number());
    return adds ? r->AddInt64(m, f, number()) : r->SetRepeatedInt64(m, f, at, number());
  case FieldDescriptor::CPPTYPE_FLOAT: {
    float value = below(4) ? float(number()) : std::numeric_limits<float>::quiet_NaN();
    if (!f->is_repeated())
      return r->SetFloat(m, f, value);
    return adds ? r->AddFloat(m, f, value) : r->SetRepeatedFloat(m, f, at, value);
  }
  case FieldDescriptor::CPPTYPE_ENUM:
    if (!f->is_repeated())
      r->SetEnumValue(m, f, int(below(20)));
    return;
  case FieldDescriptor::CPPTYPE_STRING: {
    std::string value = names.empty() ? "" : names[below(names.size())];
    if (f->type() == FieldDescriptor::TYPE_BYTES)
      value.resize(below(70), '\x7f');
    if (!f->is_repeated())
      return r->SetString(m, f, value);
    return adds ? r->AddString(m, f, value) : r->SetRepeatedString(m, f, at, value);
  }
  case FieldDescriptor::CPPTYPE_MESSAGE:
    if (!f->is_repeated())
      r->ClearField(m, f);
    return;
  default:
    return;
  }
}

void Mutation::change() {
  if (places.empty())
    return;
  Place place = places[below(places.size())];
  if (place.field->is_repeated())
    changeList(place);
  else
    changeScalar(place);
}

bool slp::fuzz::mutateModel(std::string &bytes, uint32_t seed) {
  google::protobuf::LogSilencer silencer;
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes) || !model.has_graph())
    return false;
  for (uint32_t i = 0; i <= seed % 3; ++i)
    Mutation(model, seed + i).change(); // collected anew: a change may have removed messages
  bytes = model.SerializePartialAsString();
  return true;
}
